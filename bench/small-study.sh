# Sourced by cluster.sh and slurm.sh: a study that takes seconds, and what of two studies must be equal.

# small_study STEPS METHODS SEEDS: its recipe, on the embedded model.
small_study() {
  cat <<YAML
base:
  model: tiny
  adapter: { rank: 4 }
  data: { task: { name: arithmetic, level: 1 }, prompt: plain }
  rollout: { prompts: 2, group: 4, max-new-tokens: 10 }
  steps: $1
  evaluate: { problems: 8 }
  checkpoint: { every: 1, keep: 1 }
axes: { adapter.method: [$2] }
seeds: [$3]
compare-with: { adapter.method: lora }
YAML
}

# bare STUDY: its results without times.
bare() { sed -E 's/"seconds": ?[0-9.eE+-]+/"seconds":0/g' "$1/study.json"; }
