#!/usr/bin/env bash
# A study of twelve cells and a run's rollouts on three workers of a cluster, processes on loopback, one of which is killed: the bytes of
# one machine but for times. TENON is the program (the Release build by default). Prints what it did; exits with 1 where bytes differ.
#   bench/cluster.sh                 members share a secret
#   bench/cluster.sh certificates    each has a certificate of one authority (openssl)
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/small-study.sh
tenon=(${TENON:-dotnet src/Tenon.Cli/bin/Release/net10.0/tenon.dll})
work="$(mktemp -d)"
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
port=$((20000 + RANDOM % 20000))
cluster="127.0.0.1:$port"

cat >"$work/run.yaml" <<'YAML'
model: tiny
adapter: { method: lora, rank: 4 }
data: { task: { name: arithmetic, level: 1 }, prompt: plain }
rollout: { prompts: 4, group: 4, max-new-tokens: 10 }
steps: 3
seed: 5
YAML
small_study 3 "lora, dora, ia3" "1, 2, 3, 4" >"$work/study.yaml"

worker() {
  "${tenon[@]}" worker --cluster "$cluster" --threads 1 $(member "worker-$1") >"$work/worker-$1.log" 2>&1 &
  pids+=($!)
  for _ in $(seq 600); do grep -qs "threads," "$work/worker-$1.log" && return; sleep 0.1; done
  echo "worker $1 did not start:"; cat "$work/worker-$1.log"; exit 1
}

adapters() { (cd "$1" && find . -name adapter_model.safetensors | sort | xargs sha256sum); }

# What a member needs besides the address: nothing where the environment has a secret, else files of its own.
member() {
  [ "$mode" = certificates ] || return 0
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/$1.key" -out "$work/$1.csr" -subj "/CN=$1" 2>/dev/null
  openssl x509 -req -in "$work/$1.csr" -CA "$work/authority.pem" -CAkey "$work/authority.key" -CAcreateserial -days 2 -out "$work/$1.pem" \
    -extfile <(echo "subjectAltName=DNS:tenon.example") 2>/dev/null
  echo "--tls-certificate $work/$1.pem --tls-key $work/$1.key --tls-authority $work/authority.pem --tls-name tenon.example"
}

mode="${1:-secret}"
case "$mode" in
  secret) export TENON_CLUSTER_SECRET="$(head -c 24 /dev/urandom | od -An -tx1 | tr -d ' \n')" ;;
  certificates) openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$work/authority.key" \
    -out "$work/authority.pem" -days 2 -subj "/CN=authority" 2>/dev/null || exit 1 ;;
  *) echo "no such way: $mode"; exit 2 ;;
esac
start=$SECONDS
"${tenon[@]}" study "$work/study.yaml" --output "$work/local" --jobs 2 >/dev/null 2>"$work/local.log" || { cat "$work/local.log"; exit 1; }
"${tenon[@]}" train "$work/run.yaml" --output "$work/alone" --threads 1 >/dev/null 2>"$work/alone.log" || { cat "$work/alone.log"; exit 1; }
echo "on one machine: $((SECONDS - start)) s"
for n in 1 2 3; do worker "$n"; done
echo "three workers started: $((SECONDS - start)) s"
"${tenon[@]}" train "$work/run.yaml" --output "$work/spread" --threads 1 --cluster "$cluster" $(member run) >/dev/null 2>"$work/spread.log" \
  || { cat "$work/spread.log"; exit 1; }
"${tenon[@]}" study "$work/study.yaml" --output "$work/cluster" --cluster "$cluster" --patience 3 $(member study) \
  >/dev/null 2>"$work/cluster.log" &
study=$!
# Killed while it holds a cell: a lease's text names its process.
for _ in $(seq 1200); do grep -qs "/${pids[2]}/" "$work"/cluster/leases/*.0 && break; sleep 0.1; done
echo "the killed worker's cell: $(grep -ls "/${pids[2]}/" "$work"/cluster/leases/*.0 | head -n 1 | xargs -r basename)"
kill -9 "${pids[2]}"
disown "${pids[2]}" 2>/dev/null
wait "$study" || { cat "$work/cluster.log"; exit 1; }
echo "a run and the study on the workers, one killed: $((SECONDS - start)) s, $(ls "$work/cluster/cells" | wc -l) cells"
grep "^note:" "$work/cluster.log"
status=0
cmp <(bare "$work/local") <(bare "$work/cluster") && cmp <(adapters "$work/local") <(adapters "$work/cluster") \
  && echo "study.json and 12 adapters are equal" || status=1
cmp <(adapters "$work/alone") <(adapters "$work/spread") && diff -r "$work/alone/samples" "$work/spread/samples" \
  && echo "the spread run's adapter and samples are equal" || status=1
exit "$status"
