#!/usr/bin/env bash
# The libraries that a .NET program needs on ARM64, unpacked into a folder for bench/arm64.sh: from Debian's packages, without root and without a change to this
# system (a package state of its own stands in the folder until the end). About 20 MB are fetched, most of it the lists of packages.
# Usage: bench/arm64-libraries.sh DIR; then ARM64_SYSROOT=DIR bench/arm64.sh
set -euo pipefail
target="$(mkdir -p "${1:?usage: bench/arm64-libraries.sh DIR}" && cd "$1" && pwd)"
if [ -e "$target/.complete" ]; then exit 0; fi
command -v apt-get >/dev/null && command -v dpkg >/dev/null || { echo "no apt-get and dpkg here: unpack libc6, libstdc++6, libgcc-s1 and libssl3 of Debian arm64 into $target" >&2; exit 1; }

state="$target/.apt"
trap 'rm -rf "$state"' EXIT
mkdir -p "$state"/{lists,cache/archives}/partial "$state/packages"
touch "$state/status"
cat > "$state/apt.conf" <<END
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "";
Acquire::Languages "none";
Dir::State "$state";
Dir::State::lists "$state/lists";
Dir::State::status "$state/status";
Dir::Cache "$state/cache";
END
export APT_CONFIG="$state/apt.conf"
apt-get update -qq
(cd "$state/packages" && apt-get download -qq libc6 libstdc++6 libgcc-s1 libssl3)
for package in "$state"/packages/*.deb; do dpkg -x "$package" "$target"; done
[ -e "$target/lib/ld-linux-aarch64.so.1" ] && ls "$target"/usr/lib/aarch64-linux-gnu/libssl.so.3 >/dev/null
touch "$target/.complete"
