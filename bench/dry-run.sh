#!/usr/bin/env bash
# What a dry run tells beside what the run then takes. A line a recipe: name; seconds told, of the whole command by the clock, its processor
# time shared among all processors, and told as the most; memory told in GB, at its peak, their ratio, told as the most; the dry run's own time.
# Usage: bench/dry-run.sh NAME RECIPE [--set KEY=VALUE]...; TENON is the program (dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll by default).
set -euo pipefail
here="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
export TENON="${TENON:-dotnet $here/src/Tenon.Cli/bin/Release/net10.0/tenon.dll}"
exec python3 - "$@" <<'PY'
import json, os, re, resource, subprocess, sys, tempfile, time

def seconds(text):
    number, unit = text.split(" ")
    return float(number) * {"ms": 0.001, "s": 1, "min": 60, "h": 3600}[unit]

def told(pattern, text):
    found = re.search(pattern, text, re.M)
    return found.groups() if found else None

name, recipe, *options = sys.argv[1:]
tenon = os.environ["TENON"].split()
begun = time.monotonic()
dry = subprocess.run([*tenon, "train", recipe, *options, "--dry-run"], capture_output=True, text=True)
if dry.returncode: sys.exit(dry.stderr)
took = time.monotonic() - begun
whole, most = map(seconds, told(r"^time +all: about .* and (\d\S* \w+) for .* and (\d\S* \w+)$", dry.stdout))
memory, most_memory = map(float, told(r"^memory +all: about (\S+) GB, at most (\S+) GB", dry.stdout))
with tempfile.TemporaryDirectory() as folder:
    begun = time.monotonic()
    run = subprocess.Popen([*tenon, "train", recipe, *options, "--output", f"{folder}/run"], stdout=subprocess.DEVNULL,
                           stderr=subprocess.PIPE, text=True)
    errors = run.stderr.read()
    _, status, usage = os.wait4(run.pid, 0)
    wall = time.monotonic() - begun
    if status: sys.exit(errors)
    lines = [json.loads(line) for line in open(f"{folder}/run/metrics.jsonl")]
peak = usage.ru_maxrss * 1024 / 1e9
mean = lambda field: sum(line[field] or 0 for line in lines) / len(lines)
if os.environ.get("PARTS"):
    print("\n".join(line for line in dry.stdout.splitlines() if re.match("(time|memory|completions) ", line)))
    print(f"processor time: {usage.ru_utime + usage.ru_stime:.1f} s; true: {len(lines)} steps of {mean('sample_s'):.3f} s sampling, {mean('score_s'):.3f} s scoring, {mean('train_s'):.3f} s training;"
          f" {sum(line['time_s'] for line in lines):.1f} s in all steps, {wall:.1f} s in all; {mean('length_mean'):.1f} tokens,"
          f" {mean('groups_drawn'):.1f} groups drawn, {mean('groups_mixed'):.1f} mixed, {mean('groups_idle') if 'groups_idle' in lines[0] else 0:.1f} idle")
print(f"| {name} | {whole:.1f} | {wall:.1f} | {(usage.ru_utime + usage.ru_stime) / os.cpu_count():.1f} | {most:.1f} | {memory:.2f} | {peak:.2f} | {memory / peak:.2f} |"
      f" {most_memory:.2f} | {took:.1f} |")
PY
