#!/usr/bin/env bash
# A study by two workers of a Slurm job array (`tenon study --export slurm`) on this one node: a controller, a node's daemon and munge of
# their own in a folder that goes again (Debian: apt-get install slurm-wlm; as root). The study is compared with one by a single process.
# TENON is the program (the Release build by default).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/small-study.sh
tenon=(${TENON:-dotnet $PWD/src/Tenon.Cli/bin/Release/net10.0/tenon.dll})
for program in slurmctld slurmd sbatch munged; do
  command -v "$program" >/dev/null || { echo "skipped: no $program (apt-get install slurm-wlm)"; exit 0; }
done
[ "$(id -u)" = 0 ] || { echo "skipped: slurmd and munged of one's own need root"; exit 0; }
work="$(mktemp -d)"
chmod 755 "$work"
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; sleep 1; kill -9 "${pids[@]}" 2>/dev/null; rm -rf "$work"' EXIT
mkdir -p "$work"/{state,spool,bin,munge}
chmod 700 "$work/munge"
node="$(hostname -s)"
head -c 128 /dev/urandom >"$work/munge/key"; chmod 400 "$work/munge/key"
munged --foreground --force --num-threads=2 --socket="$work/munge.sock" --key-file="$work/munge/key" --pid-file="$work/munge/pid" \
  --log-file="$work/munge/log" --seed-file="$work/munge/seed" >/dev/null 2>&1 & pids+=($!)
cat >"$work/slurm.conf" <<CONF
ClusterName=tenon
SlurmctldHost=$node(127.0.0.1)
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$work/munge.sock
SlurmctldPort=26817
SlurmdPort=26818
StateSaveLocation=$work/state
SlurmdSpoolDir=$work/spool
SlurmctldPidFile=$work/slurmctld.pid
SlurmdPidFile=$work/slurmd.pid
SlurmctldLogFile=$work/slurmctld.log
SlurmdLogFile=$work/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none
ReturnToService=2
MpiDefault=none
NodeName=$node NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=4000 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP MaxTime=INFINITE
CONF
export SLURM_CONF="$work/slurm.conf"
slurmctld -D -f "$SLURM_CONF" >/dev/null 2>&1 & pids+=($!)
slurmd -D -f "$SLURM_CONF" >/dev/null 2>&1 & pids+=($!)
for _ in $(seq 60); do sinfo -h -o %T 2>/dev/null | grep -q idle && break; sleep 1; done
sinfo || { tail -5 "$work"/slurm*.log "$work/munge/log"; exit 1; }

printf '#!/bin/sh\nexec %s "$@"\n' "${tenon[*]}" >"$work/bin/tenon"; chmod +x "$work/bin/tenon"
export PATH="$work/bin:$PATH"
small_study 2 "lora, dora" "1, 2" >"$work/study.yaml"
tenon study "$work/study.yaml" --output "$work/slurm" --export slurm "$work/workers.sh" --workers 2 --threads 1 --memory 2 || exit 1
sbatch --wait "$work/workers.sh" || { tail -20 "$work"/slurm/worker-*.log "$work"/slurm*.log; exit 1; }
for n in 1 2; do echo "worker $n: $(grep -c '^\[' "$work/slurm/worker-$n.log") lines of cells, $(tail -n 1 "$work/slurm/worker-$n.log")"; done
tenon study "$work/study.yaml" --output "$work/local" --jobs 1 --threads 1 >/dev/null 2>&1 || exit 1
cmp <(bare "$work/local") <(bare "$work/slurm") || exit 1
echo "study.json of the two workers is that of one process, but for times"
