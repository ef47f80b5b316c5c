#!/usr/bin/env bash
# The sweep behind every method's default learning rate: thirty DAPO steps on the embedded model (recipes/tiny-methods.yaml) for a method at each of some rates.
# usage: [SEED=42] bench/method-rates.sh METHOD RATE...        for example: bench/method-rates.sh miss 1e-4 3e-4 1e-3
# A run that is there already is not made again. Each line: method, rate, mean accuracy of the first and the last ten steps, accuracy on 512 held-out problems after.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
method=$1
seed=${SEED:-42}
shift
options=()
if [ "$method" = trainable-tokens ]; then options=(--set "adapter.tokens=48,49,50,51,52,53,54,55,56,57"); fi
for rate in "$@"; do
  run="runs/method-rates/seed-$seed/$method@$rate"
  if [ ! -d "$run/checkpoints/30" ]; then
    dotnet run -c Release --no-build --project src/Tenon.Cli -- train recipes/tiny-methods.yaml --set "adapter.method=$method" --set "optimizer.learning-rate=$rate" --set "seed=$seed" "${options[@]}" \
      --output "$run" >/dev/null 2>&1 || { echo "$method $rate failed: see $run"; continue; }
  fi
  awk -v name="$method" -v rate="$rate" 'match($0, /"accuracy":[0-9.e-]+/) { a[++n] = substr($0, RSTART + 11, RLENGTH - 11) } match($0, /"eval\/held-out@1":[0-9.e-]+/) { after = substr($0, RSTART + 18, RLENGTH - 18) }
    END { for (i = 1; i <= 10; i++) first += a[i] / 10; for (i = n - 9; i <= n; i++) last += a[i] / 10; printf "%s %s %.3f %.3f %.3f\n", name, rate, first, last, after }' "$run/metrics.jsonl"
done
