#!/usr/bin/env python3
"""PEFT at the other end of a pipe: what Tenon's adapter folders are read by and its step times stand beside.

One JSON object a line on standard input, one answer a line on standard output. Needs torch, transformers, peft and safetensors.

  {"op": "open", "model": FOLDER, "threads": 2}
      -> {"peft": version}
  {"op": "logits", "adapter": FOLDER, "ids": [...], "output": FILE.safetensors, "svd": "float64"}
      -> {"warnings": [...]}             the file's tensor "logits" is float32 [tokens, vocabulary]; with "svd" PEFT's own decompositions are computed in float64 and rounded
  {"op": "make", "type": "OFT", "config": {...}, "seed": 3, "adapter": FOLDER, "ids": [...], "output": FILE.safetensors}
      -> {"trainable": count}            PEFT's own folder of that configuration, every trained tensor moved away from its start, and the logits of what it reads back from it
  {"op": "step", "adapter": FOLDER, "prompts": [[...]...], "completions": [[...]...], "micro": 8, "runs": 3}
      -> {"seconds": best, "memory_gb": peak or null, "trainable": count}
      one step: forward, loss on the completion tokens, backward, clipping, AdamW; prompts padded on the left, completions of one length

A line that fails answers {"error": text}.
"""
import contextlib
import json
import sys
import time
import types
import warnings

try:
    import setuptools  # noqa: F401
except ModuleNotFoundError:
    # PEFT's BOFT imports PyTorch's helper for compiled extensions, which wants these names and uses none of them on a CPU.
    for name in ("setuptools", "setuptools.command", "setuptools.command.build_ext"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["setuptools"].command = sys.modules["setuptools.command"]
    sys.modules["setuptools.command.build_ext"].build_ext = sys.modules["setuptools"].Command = type("Command", (), {})

import torch
from peft import PEFT_TYPE_TO_CONFIG_MAPPING, PeftModel, __version__, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM


@contextlib.contextmanager
def float64_svd():
    single = torch.linalg.svd

    def double(matrix, full_matrices=True):
        return tuple(part.to(matrix.dtype) for part in single(matrix.double(), full_matrices=full_matrices))

    torch.linalg.svd = double
    try:
        yield
    finally:
        torch.linalg.svd = single


class Peer:
    def __init__(self):
        self.folder = None

    def open(self, line):
        torch.set_num_threads(line["threads"])
        self.folder = line["model"]
        return {"peft": __version__}

    def adapted(self, folder, trainable):
        base = AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32)
        return PeftModel.from_pretrained(base, folder, is_trainable=trainable)

    def logits(self, line):
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always")
            with float64_svd() if line.get("svd") == "float64" else contextlib.nullcontext():
                model = self.adapted(line["adapter"], False).eval()
            with torch.no_grad():
                logits = model(input_ids=torch.tensor([line["ids"]]), use_cache=False).logits[0]
        save_file({"logits": logits.contiguous()}, line["output"])
        return {"warnings": sorted({str(w.message)[:300] for w in seen if issubclass(w.category, UserWarning)})}

    def make(self, line):
        config = PEFT_TYPE_TO_CONFIG_MAPPING[line["type"]](task_type="CAUSAL_LM", **line["config"])
        torch.manual_seed(line["seed"])
        model = get_peft_model(AutoModelForCausalLM.from_pretrained(self.folder, dtype=torch.float32), config).eval()
        trained = [p for p in model.parameters() if p.requires_grad]
        with torch.no_grad():
            for p in trained:
                p.add_(torch.randn_like(p), alpha=max(0.01, 0.05 * p.pow(2).mean().sqrt().item()))
        model.save_pretrained(line["adapter"])
        self.logits(line)
        return {"trainable": sum(p.numel() for p in trained)}

    def step(self, line):
        reset_peak()
        model = self.adapted(line["adapter"], True).train()
        trainable = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(trainable, lr=1e-5)
        longest = max(map(len, line["prompts"]))
        ids = torch.tensor([[0] * (longest - len(p)) + p + c for p, c in zip(line["prompts"], line["completions"])])
        mask = torch.tensor([[0] * (longest - len(p)) + [1] * (len(p) + len(c)) for p, c in zip(line["prompts"], line["completions"])])
        new = len(line["completions"][0])
        signs = torch.tensor([1.0 if i % 2 == 0 else -1.0 for i in range(len(ids))])

        def step():
            for i in range(0, len(ids), line["micro"]):
                s = slice(i, i + line["micro"])
                out = model(input_ids=ids[s], attention_mask=mask[s], logits_to_keep=new + 1, use_cache=False).logits[:, :-1]
                logp = torch.log_softmax(out.float(), -1).gather(-1, ids[s, -new:].unsqueeze(-1)).squeeze(-1)
                (-(logp * signs[s].unsqueeze(1)).sum() / (len(ids) * new)).backward()
            torch.nn.utils.clip_grad_norm_(trainable, 1.0)
            optimizer.step()
            optimizer.zero_grad()

        step()
        best = float("inf")
        for _ in range(line["runs"]):
            start = time.perf_counter()
            step()
            best = min(best, time.perf_counter() - start)
        return {"seconds": best, "memory_gb": peak_gb(), "trainable": sum(p.numel() for p in trainable)}


def reset_peak():
    try:
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
    except OSError:
        pass


def peak_gb():
    try:
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) * 1024 / 1e9
    except OSError:
        return None


def main():
    peer = Peer()
    operations = {"open": peer.open, "logits": peer.logits, "make": peer.make, "step": peer.step}
    for text in sys.stdin:
        try:
            line = json.loads(text)
            answer = operations[line["op"]](line)
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
