#!/usr/bin/env bash
# The fingerprint of TinyRunTests on ARM64: publishes for linux-arm64, trains its recipe in the emulator with NEON and again without vector instructions, and
# compares the adapter's SHA-256 with the one that the test holds.
# Needs (Debian): qemu-user-static, libc6-arm64-cross, libstdc++6-arm64-cross, libgcc-s1-arm64-cross, and the arm64 libssl3, unpacked anywhere:
#   dpkg --add-architecture arm64 && apt-get update && apt-get download libssl3:arm64 && dpkg -x libssl3*_arm64.deb DIR
# Usage: bench/arm64.sh [neon|scalar ...]; ARM64_LIBSSL=DIR/usr/lib/aarch64-linux-gnu where libssl.so.3 lies elsewhere than in the places looked at.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
sysroot=/usr/aarch64-linux-gnu
skip() { echo "skipped: $1"; exit 0; }

emulator="$(command -v qemu-aarch64-static || command -v qemu-aarch64 || true)"
if [ "$(uname -m)" = aarch64 ]; then emulator=""; elif [ -z "$emulator" ]; then skip "no qemu-aarch64 (Debian: qemu-user-static)"; fi
if [ -n "$emulator" ]; then
  [ -e "$sysroot/lib/libstdc++.so.6" ] || skip "no ARM64 libraries in $sysroot (Debian: libc6-arm64-cross libstdc++6-arm64-cross libgcc-s1-arm64-cross)"
  libssl=""
  for folder in "${ARM64_LIBSSL:-}" "$sysroot/lib" /usr/lib/aarch64-linux-gnu; do
    if [ -n "$folder" ] && [ -e "$folder/libssl.so.3" ]; then libssl="$folder"; break; fi
  done
  [ -n "$libssl" ] || skip "no ARM64 libssl.so.3 (ARM64_LIBSSL=DIR; the head of this script says how to get it)"
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
test=tests/Tenon.Tests/Training/TinyRunTests.cs
expected="$(sed -n 's/.*AdapterSha256 = "\([0-9a-f]*\)".*/\1/p' "$test")"
sed -n '/Recipe = """/,/""";/p' "$test" | sed '1d;$d;s/^        //' > "$work/recipe.yaml"
steps="$(sed -n 's/^steps: //p' "$work/recipe.yaml")"
[ -n "$expected" ] && [ -n "$steps" ] || { echo "no fingerprint and recipe found in $test" >&2; exit 1; }

echo "publishing for linux-arm64"
nice -n 10 dotnet publish src/Tenon.Cli -c Release -r linux-arm64 --self-contained --artifacts-path "$work/artifacts" -o "$work/tenon" -v q
failed=0
for set in "${@:-neon scalar}"; do
  for kernels in $set; do
    case "$kernels" in
      neon) intrinsics=1 ;;
      scalar) intrinsics=0 ;;
      *) echo "unknown kernels: $kernels (neon, scalar)" >&2; exit 2 ;;
    esac
    command=(env "DOTNET_EnableHWIntrinsic=$intrinsics" DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1)
    [ -z "$emulator" ] || command+=("$emulator" -L "$sysroot" -E "LD_LIBRARY_PATH=$libssl")
    start=$SECONDS
    nice -n 10 "${command[@]}" "$work/tenon/tenon" train "$work/recipe.yaml" --output "$work/$kernels" --threads 2 >"$work/$kernels.log" 2>&1 \
      || { tail -n 20 "$work/$kernels.log"; echo "$kernels: the run failed"; failed=1; continue; }
    tier="$(sed -n 's/.*"tier": *"\([a-z0-9]*\)".*/\1/p' "$work/$kernels/run.json")"
    actual="$(sha256sum "$work/$kernels/checkpoints/$steps/adapter_model.safetensors" | cut -d ' ' -f 1)"
    if [ "$actual" = "$expected" ]; then verdict="the fingerprint of TinyRunTests"; else verdict="OTHER than $expected"; failed=1; fi
    echo "$kernels: tier $tier, $actual, $verdict ($((SECONDS - start)) s)"
  done
done
exit "$failed"
