#!/usr/bin/env bash
# The fingerprint of TinyRunTests on ARM64: publishes for linux-arm64, trains its recipe in the emulator with NEON (neon) or without vector instructions
# (scalar-whole, many minutes) and compares the adapter's SHA-256 with the one that the test holds. One short step without vector instructions (scalar: the short
# run of that test) and one with integer products (int8) are compared with the same step on this machine, in its widest vectors.
# Needs the emulator (Debian: qemu-user-static) and the libraries that a .NET program asks for on ARM64, in a folder: bench/arm64-libraries.sh DIR fetches them.
# Usage: bench/arm64.sh [neon|scalar|scalar-whole|int8 ...]; ARM64_SYSROOT=DIR names the folder, else /usr/aarch64-linux-gnu (Debian's cross libraries) is looked at.
# ARM64_PROGRAM=DIR takes a program that was published before (linux-arm64, self-contained).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sysroot="${ARM64_SYSROOT:-/usr/aarch64-linux-gnu}"
skip() { echo "skipped: $1"; exit 0; }

emulator="$(command -v qemu-aarch64-static || command -v qemu-aarch64 || true)"
if [ "$(uname -m)" = aarch64 ]; then emulator=""; elif [ -z "$emulator" ]; then skip "no qemu-aarch64 (Debian: qemu-user-static)"; fi
if [ -n "$emulator" ]; then
  for library in libstdc++.so.6 libgcc_s.so.1 libssl.so.3; do
    [ -n "$(find -L "$sysroot/lib" "$sysroot/usr/lib" -maxdepth 2 -name "$library" 2>/dev/null | head -n 1)" ] \
      || skip "no ARM64 $library in $sysroot (bench/arm64-libraries.sh DIR fetches it; then ARM64_SYSROOT=DIR)"
  done
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
test=tests/Tenon.Tests/Training/TinyRunTests.cs
expected="$(sed -n 's/.*AdapterSha256 = "\([0-9a-f]*\)".*/\1/p' "$test")"
sed -n '/Recipe = """/,/""";/p' "$test" | sed '1d;$d;s/^        //' > "$work/recipe.yaml"
steps="$(sed -n 's/^steps: //p' "$work/recipe.yaml")"
[ -n "$expected" ] && [ -n "$steps" ] || { echo "no fingerprint and recipe found in $test" >&2; exit 1; }

program="${ARM64_PROGRAM:-}"
if [ -z "$program" ]; then
  echo "publishing for linux-arm64"
  program="$work/tenon"
  nice -n 10 dotnet publish src/Tenon.Cli -c Release -r linux-arm64 --self-contained --artifacts-path "$work/artifacts" -o "$program" -v q
fi
failed=0

# train NAME INTRINSICS ARGUMENT...: the recipe on ARM64, into $work/NAME
train() {
  local name="$1" command=(env "DOTNET_EnableHWIntrinsic=$2" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1)
  shift 2
  # The runtime writes code through a second mapping of its memory, which the emulator does not see: what it has translated would go stale.
  [ -z "$emulator" ] || command+=(DOTNET_EnableWriteXorExecute=0 "$emulator" -L "$sysroot")
  nice -n 10 "${command[@]}" "$program/tenon" train "$work/recipe.yaml" --output "$work/$name" --threads 2 "$@" >"$work/$name.log" 2>&1 \
    || { tail -n 20 "$work/$name.log"; echo "$name: the run failed"; failed=1; return 1; }
}

# compare NAME TIER STEP SHA256 WHAT: the kernels that a run took, and its adapter, with those that are expected
compare() {
  local actual verdict tier
  tier="$(sed -n 's/.*"tier": *"\([a-z0-9]*\)".*/\1/p' "$work/$1/run.json")"
  actual="$(sha256sum "$work/$1/checkpoints/$3/adapter_model.safetensors" | cut -d ' ' -f 1)"
  if [ "$actual" = "$4" ]; then verdict="$5"; else verdict="OTHER than $4"; failed=1; fi
  if [ "$tier" != "$2" ]; then verdict="$verdict, but NOT $2"; failed=1; fi
  echo "$1: tier $tier, $actual, $verdict ($((SECONDS - start)) s)"
}

# both NAME INTRINSICS TIER ARGUMENT...: one step on this machine and on ARM64, which must be the same. So short a step has no right
# answer to learn from: the reward is one that some of its completions earn, and a step without a gradient would show nothing.
both() {
  local name="$1" intrinsics="$2" tier="$3" here=src/Tenon.Cli/bin/Release/net10.0/tenon.dll
  shift 3
  set -- "$@" --set "reward=[{ name: regex, pattern: '^0', match: anywhere, where: all }]"
  [ -e "$here" ] || { echo "$name: skipped, no $here to compare with (dotnet build -c Release)"; return; }
  nice -n 10 dotnet "$here" train "$work/recipe.yaml" --output "$work/$name-here" --threads 2 "$@" >"$work/here.log" 2>&1 \
    || { tail -n 20 "$work/here.log"; echo "$name: the run on this machine failed"; failed=1; return; }
  if grep -q '"grad_norm":0[,}]' "$work/$name-here/metrics.jsonl"; then echo "$name: the step trained nothing"; failed=1; return; fi
  if train "$name" "$intrinsics" "$@"; then
    compare "$name" "$tier" 1 "$(sha256sum "$work/$name-here/checkpoints/1/adapter_model.safetensors" | cut -d ' ' -f 1)" "as on this machine"
  fi
}

[ "$#" -gt 0 ] || set -- neon scalar int8
for kernels in "$@"; do
  start=$SECONDS
  case "$kernels" in
    neon) train neon 1 && compare neon neon "$steps" "$expected" "the fingerprint of TinyRunTests" ;;
    scalar-whole) train scalar-whole 0 && compare scalar-whole scalar "$steps" "$expected" "the fingerprint of TinyRunTests" ;;
    scalar)
      both scalar 0 scalar --set steps=1 --set rollout.prompts=2 --set rollout.group=2 --set rollout.max-new-tokens=6 --set checkpoint.every=1 ;;
    int8) both int8 1 neon --set precision=int8 --set steps=1 --set rollout.max-new-tokens=12 --set checkpoint.every=1 ;;
    *) echo "unknown kernels: $kernels (neon, scalar, scalar-whole, int8)" >&2; exit 2 ;;
  esac
done
exit "$failed"
