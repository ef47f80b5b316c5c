#!/usr/bin/env bash
# Processor time of eight runs of the embedded model at once beside eight in turn, on two cores, by a study of eight seeds: the ratio, and
# how much of either the system took. STEPS (10) are those of each run; TENON is the program. Measure on a quiet machine.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tenon=(${TENON:-dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll})
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cat >"$work/study.yaml" <<YAML
base:
  model: tiny
  adapter: { rank: 8 }
  data: { task: { name: arithmetic, level: 2 }, prompt: plain }
  rollout: { prompts: 8, group: 8, max-new-tokens: 32 }
  steps: ${STEPS:-10}
  evaluate: { problems: 8 }
seeds: [1, 2, 3, 4, 5, 6, 7, 8]
YAML
TIMEFORMAT='%U %S %R'
measure() {
  local times
  times="$({ time "${tenon[@]}" study "$work/study.yaml" --output "$work/$1" --jobs "$2" --threads "$3" >/dev/null 2>"$work/$1.log"; } 2>&1)"
  read -r user system wall <<<"$times"
  awk -v n="$1" -v u="$user" -v s="$system" -v w="$wall" 'BEGIN { printf "%-8s %6.1f s of processor time (%.1f of the system), %.1f s\n", n, u + s, s, w }'
  total="$(awk -v u="$user" -v s="$system" 'BEGIN { print u + s }')"
}
measure in-turn 1 1; one="$total"
measure at-once "${JOBS:-8}" 2
awk -v a="$total" -v b="$one" 'BEGIN { printf "ratio    %6.2f\n", a / b }'
