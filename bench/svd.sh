#!/usr/bin/env bash
# Singular values of 1536 x 8960 by Tenon and by OpenBLAS's dgesdd (apt-get install libopenblas0), in turn in one process, on one thread and
# then on two: seconds, the best of RUNS (3) runs, and ratios to dgesdd with vectors. LIBRARY is OpenBLAS by name or path; ROWS and COLUMNS
# are another shape. Measure on a quiet machine; it takes a minute and a half. OPENBLAS_CORETYPE chooses OpenBLAS's kernels.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
program=bench/Tenon.Benchmarks/bin/Release/net10.0/Tenon.Benchmarks.dll
[ -f "$program" ] || dotnet build bench/Tenon.Benchmarks -c Release -v quiet
for threads in ${THREADS:-1 2}; do
  dotnet "$program" svd --threads "$threads" --top 0 --runs "${RUNS:-3}" --rows "${ROWS:-1536}" --columns "${COLUMNS:-8960}" \
    --library "${LIBRARY:-libopenblas.so.0}"
done
