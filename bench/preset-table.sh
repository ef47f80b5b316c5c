#!/usr/bin/env bash
# The tables of docs/objectives.md: every objective on two tasks with three seeds (studies/presets.yaml), self-distillation beside GRPO at equal tokens
# (studies/self-distillation.yaml). Run it again after a stop: finished runs are kept. usage: [JOBS=1] bench/preset-table.sh [FOLDER]
# Prints the studies' tables as Markdown, and where the runs began: the accuracy of step 0 by seed, which no objective has touched yet.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-runs/preset-table}
tenon=(nice -n 19 dotnet run -c Release --no-build --project src/Tenon.Cli --)
for study in presets self-distillation; do
  "${tenon[@]}" study "studies/$study.yaml" --output "$folder/$study" --jobs "${JOBS:-1}" --threads "${JOBS:-1}" >&2
  echo "### $study"
  cat "$folder/$study"/tables/*.md
  echo "before (step 0): number of runs, accuracy"
  find "$folder/$study/runs" -path '*/eval/0/*' -name summary.json -exec grep -ho '"avg_at_k": *[0-9.e-]*' {} + | sort | uniq -c
done
