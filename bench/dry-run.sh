#!/usr/bin/env bash
# What a dry run tells beside what the run then takes. A line a recipe: name; seconds told, of the whole command by the clock, their ratio, its
# processor time shared among all processors, and told as the most; memory told in GB, at its peak, their ratio, told as the most; the dry run's
# own seconds. PARTS=1 shows the dry run's parts and the means of the run's steps above it.
# Usage: bench/dry-run.sh NAME RECIPE [--set KEY=VALUE]...; TENON is the program (dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll by default).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
read -ra tenon <<< "${TENON:-dotnet $here/src/Tenon.Cli/bin/Release/net10.0/tenon.dll}"
name=$1
recipe=$2
shift 2
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

now() { date +%s.%N; }

begun=$(now)
"${tenon[@]}" train "$recipe" "$@" --dry-run > "$folder/told" 2> "$folder/errors" || { cat "$folder/errors" >&2; exit 1; }
took=$(echo "$(now) $begun" | awk '{ print $1 - $2 }')

# The kernel's own mark of the largest resident size, read until the process ends; `read` waits without a process of its own.
exec {never}<> <(:)
times > "$folder/before"
begun=$(now)
"${tenon[@]}" train "$recipe" "$@" --output "$folder/run" > /dev/null 2> "$folder/errors" &
peak=0
while kill -0 $! 2> /dev/null; do
  while read -r key value _; do [ "$key" != VmHWM: ] || peak=$value; done 2> /dev/null < "/proc/$!/status" || true
  read -rt 0.1 -u "$never" || true
done
wait $! || { cat "$folder/errors" >&2; exit 1; }
wall=$(echo "$(now) $begun" | awk '{ print $1 - $2 }')
times > "$folder/after"

seconds='function seconds(n, unit) { return n * (unit == "ms" ? 0.001 : unit == "s" ? 1 : unit == "min" ? 60 : 3600) }
function minutes(text) { split(text, part, /[ms]/); return part[1] * 60 + part[2] }'
processor=$(awk "$seconds"'FNR == 2 { spent = minutes($1) + minutes($2) - spent } END { print spent }' "$folder/before" "$folder/after")
if [ -n "${PARTS:-}" ]; then
  grep -E "^(time|memory|completions) " "$folder/told"
  awk -v wall="$wall" -v processor="$processor" '
    function mean(field) { return match($0, "\"" field "\":[-0-9.e]+") ? substr($0, RSTART + length(field) + 3, RLENGTH - length(field) - 3) : 0 }
    { split("sample_s score_s train_s time_s length_mean groups_drawn groups_mixed groups_idle", names, " "); for (i in names) sum[names[i]] += mean(names[i]) }
    END { printf "processor time: %.1f s; true: %d steps of %.3f s sampling, %.3f s scoring, %.3f s training; %.1f s in all steps, %.1f s in all; ",
        processor, NR, sum["sample_s"] / NR, sum["score_s"] / NR, sum["train_s"] / NR, sum["time_s"], wall
      printf "%.1f tokens, %.1f groups drawn, %.1f mixed, %.1f idle\n", sum["length_mean"] / NR, sum["groups_drawn"] / NR, sum["groups_mixed"] / NR,
        sum["groups_idle"] / NR }' "$folder/run/metrics.jsonl"
fi
awk -v name="$name" -v wall="$wall" -v took="$took" -v processor="$processor" -v processors="$(nproc)" -v kilobytes="$peak" "$seconds"'
  /^time +all: about / { match($0, / and [0-9.]+ [a-z]+ for /); split(substr($0, RSTART, RLENGTH), told, " "); whole = seconds(told[2], told[3])
    most = seconds($(NF - 1), $NF) }
  /^memory +all: about / { memory = $4; most_memory = $8 }
  END { peak = kilobytes * 1024 / 1e9
    printf "| %s | %.1f | %.1f | %.2f | %.1f | %.1f | %.2f | %.2f | %.2f | %.2f | %.1f |\n", name, whole, wall, whole / wall, processor / processors, most,
      memory, peak, memory / peak, most_memory, took }' "$folder/told"
