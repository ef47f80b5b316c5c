#!/usr/bin/env bash
# Times Tenon and what one would take in its place on the same workload (four prompts x eight completions x 128 tokens), one program after the other, and appends one
# line of JSON a run to bench/results/CPU-DATE.jsonl, from which docs/performance.md is made (TENON_UPDATE_DOCS=1, PeersPageTests).
#   bench/peers.sh MODEL.gguf DATA.jsonl [PROGRAM...]         the programs named, or all of them, once each
# It may be called as often as there are quiet moments: figures are medians of all lines. Programs:
#   tenon-sample-f32 tenon-sample-bf16 tenon-sample-int8      32 completions, with a LoRA adapter of rank 16 on all linear layers
#   tenon-plain-sample-f32 ...-bf16 ...-int8                  the same by the model alone, which is what hf-sample and llama-* run
#   tenon-one-f32 tenon-one-bf16 tenon-one-int8               one completion
#   tenon-plain-one-f32 ...-bf16 ...-int8                     the same by the model alone
#   tenon-prefill-f32 tenon-prefill-bf16 tenon-prefill-int8   the prompts alone
#   tenon-plain-prefill-f32 ...-bf16 ...-int8                 the same by the model alone
#   tenon-train-f32 tenon-train-bf16 tenon-train-int8         one optimizer step, LoRA r16 on all linear layers
#   tenon-step-f32 tenon-step-bf16 tenon-step-int8           a whole GRPO step: the 32 completions sampled and trained on, with weights of 1 and -1 in place of advantages
#   hf-sample hf-train                                        transformers' generate, PyTorch + PEFT: commands that print a line of JSON, in TENON_PEER_SAMPLE and TENON_PEER_TRAIN
#   trl-step                                                  TRL's GRPOTrainer, the same whole step: such a command in TENON_PEER_STEP
#   llama-q8_0 llama-q4_0                                     llama.cpp through LLamaSharp, the same model quantised by llama.cpp (bench/Tenon.Benchmarks)
# TENON and TENON_BENCHMARKS name built programs; by default both are built here.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
model=${1:?usage: bench/peers.sh MODEL.gguf DATA.jsonl [PROGRAM...]} data=${2:?usage: bench/peers.sh MODEL.gguf DATA.jsonl [PROGRAM...]}
shift 2
[ $# -gt 0 ] || set -- tenon-sample-f32 tenon-plain-sample-f32 hf-sample tenon-sample-bf16 tenon-plain-sample-bf16 llama-q8_0 tenon-sample-int8 tenon-plain-sample-int8 llama-q4_0 \
  tenon-one-f32 tenon-plain-one-f32 tenon-one-bf16 tenon-plain-one-bf16 tenon-one-int8 tenon-plain-one-int8 \
  tenon-plain-prefill-f32 tenon-plain-prefill-bf16 tenon-plain-prefill-int8 tenon-prefill-f32 tenon-prefill-bf16 tenon-prefill-int8 tenon-train-f32 hf-train tenon-train-bf16 tenon-train-int8 \
  tenon-step-f32 trl-step tenon-step-bf16 tenon-step-int8
if [ -z "${TENON:-}" ]; then
  dotnet build "$here/src/Tenon.Cli" -c Release -v q >&2
  TENON=$here/src/Tenon.Cli/bin/Release/net10.0/tenon
fi
cpu=$(sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | head -1 | tr -cs 'A-Za-z0-9\n' '-' | sed 's/-$//')
results=${TENON_PEER_RESULTS:-$here/bench/results/${cpu:-$(uname -m)}-$(date +%F).jsonl}
mkdir -p "$(dirname "$results")"

# Options that leave the adapter out; measure, which sets them, runs in a process of its own.
plain=()
measure() {
  case $1 in
    tenon-sample-*) "$TENON" bench sample "$model" --data "$data" --runs 1 --json --speculation off --precision "${1##*-}" "${plain[@]}" ;;
    tenon-plain-*) plain=(--method none); measure "tenon-${1#tenon-plain-}" ;;
    tenon-one-*) "$TENON" bench sample "$model" --data "$data" --prompts 1 --group 1 --runs 3 --json --speculation off --precision "${1##*-}" "${plain[@]}" ;;
    tenon-prefill-*) "$TENON" bench prefill "$model" --data "$data" --runs 3 --json --precision "${1##*-}" "${plain[@]}" ;;
    tenon-train-*) "$TENON" bench train "$model" --data "$data" --runs 1 --json --precision "${1##*-}" "${plain[@]}" ;;
    tenon-step-*) "$TENON" bench step "$model" --data "$data" --runs 1 --json --precision "${1##*-}" "${plain[@]}" ;;
    hf-sample) ${TENON_PEER_SAMPLE:?a command that prints a line of JSON with tokens_per_s and rss_gb} ;;
    hf-train) ${TENON_PEER_TRAIN:?a command that prints a line of JSON with best_s and rss_gb} ;;
    trl-step) ${TENON_PEER_STEP:?a command that prints a line of JSON with best_s and rss_gb} ;;
    llama-*)
      if [ -z "${TENON_BENCHMARKS:-}" ]; then
        dotnet build "$here/bench/Tenon.Benchmarks" -c Release -v q >&2
        TENON_BENCHMARKS=$here/bench/Tenon.Benchmarks/bin/Release/net10.0/Tenon.Benchmarks
      fi
      "$TENON_BENCHMARKS" llama "$model" --data "$data" --type "${1##*-}" ;;
    *) echo "no program '$1'" >&2; return 2 ;;
  esac
}

for program in "$@"; do
  case $program in
    hf-sample) [ -n "${TENON_PEER_SAMPLE:-}" ] || { echo "$program: left out, TENON_PEER_SAMPLE is not set" >&2; continue; } ;;
    hf-train) [ -n "${TENON_PEER_TRAIN:-}" ] || { echo "$program: left out, TENON_PEER_TRAIN is not set" >&2; continue; } ;;
    trl-step) [ -n "${TENON_PEER_STEP:-}" ] || { echo "$program: left out, TENON_PEER_STEP is not set" >&2; continue; } ;;
  esac
  answer=$(measure "$program" | grep '^{' | tail -1)
  printf '{"program":"%s","date":"%s","answer":%s}\n' "$program" "$(date -u +%FT%TZ)" "$answer" | tee -a "$results"
done
