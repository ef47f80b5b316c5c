#!/usr/bin/env bash
# The time of a step with and without rollout.overlap, by turns, on a quiet machine: median over the steps after the first three.
# Usage: bench/overlap.sh [RECIPE] [STEPS]; TENON is the program (dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll by default).
set -euo pipefail
cd "$(dirname "$0")/.."
recipe="${1:-recipes/tiny-methods.yaml}"; steps="${2:-20}"
read -r -a tenon <<<"${TENON:-dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll}"
folder="$(mktemp -d)"; trap 'rm -rf "$folder"' EXIT
for round in 1 2 3; do
  for overlap in false true; do
    "${tenon[@]}" train "$recipe" --output "$folder/$overlap-$round" --set "steps=$steps" --set "rollout.overlap=$overlap" \
      --set 'evaluate.benchmarks=[]' --set checkpoint.every=0 >/dev/null 2>&1
  done
done
python3 - "$folder" <<'PY'
import glob, json, statistics, sys
def median(overlap, field):
    return statistics.median(json.loads(line)[field] for path in glob.glob(f"{sys.argv[1]}/{overlap}-*/metrics.jsonl")
                             for line in list(open(path))[3:])
before, after = median("false", "time_s"), median("true", "time_s")
print(f"median step: {before:.3f} s without overlap, {after:.3f} s with, {after / before:.2f} times;"
      f" sampling {median('false', 'sample_s'):.3f} s and {median('true', 'sample_s'):.3f} s,"
      f" training {median('false', 'train_s'):.3f} s and {median('true', 'train_s'):.3f} s")
PY
