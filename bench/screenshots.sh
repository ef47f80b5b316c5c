#!/usr/bin/env bash
# docs/images/report.png and report-WIDTH-light.png, -dark.png anew: the report of a fresh quickstart at 390, 768 and 1280 px, checked to
# scroll in no direction but down and to have no text below 11 px. Needs Chromium and the built solution.
# Usage: bench/screenshots.sh [OTHERS]; with a folder OTHERS also a comparison's, a spectrum's and a study's page, into it.
# RUN is the folder of a run that is there already; TENON is the program (dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll by default).
set -euo pipefail
cd "$(dirname "$0")/.."
read -r -a tenon <<<"${TENON:-dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll}"
folder="$(mktemp -d)"; trap 'rm -rf "$folder"' EXIT
shoot() { # FOLDER OF PAGES, FOLDER OF IMAGES
  TENON_REPORTS="$1" TENON_SCREENSHOTS="$(realpath "$2")" dotnet test tests/Tenon.Tests -c Release --no-build \
    --filter FullyQualifiedName~Screenshots_are_taken
}
run="${RUN:-$folder/quickstart}"
[ -e "$run/run.json" ] || "${tenon[@]}" quickstart --output "$run"
mkdir "$folder/pages"
"${tenon[@]}" report "$run" --output "$folder/pages/report.html"
shoot "$folder/pages" docs/images
if [ -n "${1:-}" ]; then
  mkdir -p "$1" "$folder/others"
  "${tenon[@]}" report "$run@0" "$run" --output "$folder/others/comparison.html"
  "${tenon[@]}" spectra tiny --adapter "$run" --report "$folder/others/spectrum.html" >/dev/null
  [ -z "${STUDY:-}" ] || "${tenon[@]}" report "$STUDY" --output "$folder/others/study.html"
  shoot "$folder/others" "$1"
fi
