#!/usr/bin/env bash
# Self-distillation on a model that can read a solution: the embedded one learns from 500 steps of sums that show theirs, then
# studies/self-distillation-reader.yaml. Run it again after a stop. usage: [JOBS=1] bench/reader.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
tenon=(nice -n 19 dotnet run -c Release --no-build --project src/Tenon.Cli --)
if [ ! -e runs/reader/model.safetensors ]; then
  mkdir -p runs
  python3 bench/reader_problems.py runs/reader.jsonl
  cat > runs/reader.yaml <<YAML
model: tiny
data: { train: runs/reader.jsonl, prompt: plain }
batch: 64
steps: 500
optimizer: { method: adamw, learning-rate: 1.0e-3, weight-decay: 0.0, max-grad-norm: 1.0, schedule: linear }
max-tokens: 400
store: bf16
seed: 42
checkpoint: { every: 0 }
YAML
  "${tenon[@]}" pretrain runs/reader.yaml --output runs/reader --force >&2
fi
"${tenon[@]}" study studies/self-distillation-reader.yaml --output runs/self-distillation-reader --jobs "${JOBS:-1}" --threads "${JOBS:-1}"
