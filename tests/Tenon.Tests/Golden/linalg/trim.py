"""Keeps the small matrices of the large reference set: python trim.py REFERENCE_FOLDER"""
import json
import os
import struct
import sys

source, target = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
raw = open(os.path.join(source, "matrices.safetensors"), "rb").read()
size = struct.unpack("<Q", raw[:8])[0]
header = json.loads(raw[8:8 + size])
body = raw[8 + size:]


def names(value):
    if isinstance(value, dict):
        return [n for v in value.values() for n in names(v)]
    if isinstance(value, list):
        return [n for v in value for n in names(v)]
    return [value] if isinstance(value, str) and value in header else []


def elements(line):
    return sum(h["shape"][0] * h["shape"][1] for h in (header[n] for n in set(names(line))))


KEEP = {"svd": 900, "qr": 500, "eigen": 800, "solve": 300}
kept = set()
for name in ("svd", "qr", "eigen", "solve", "spectral"):
    lines = [json.loads(text) for text in open(os.path.join(source, name + ".jsonl"))]
    chosen = [l for l in lines if name in KEEP and elements(l) <= KEEP[name]] if name != "spectral" else [l for l in lines if l["id"] in ("spectral-d06-sparse",)]
    for l in chosen:
        kept.update(names(l))
    with open(os.path.join(target, name + ".jsonl"), "w") as f:
        f.writelines(json.dumps(l) + "\n" for l in chosen)

offset, new, parts = 0, {}, []
for n in sorted(kept):
    first, end = header[n]["data_offsets"]
    new[n] = {"dtype": "F64", "shape": header[n]["shape"], "data_offsets": [offset, offset + end - first]}
    parts.append(body[first:end])
    offset += end - first
text = json.dumps(new).encode()
text += b" " * (-len(text) % 8)
with open(os.path.join(target, "matrices.safetensors"), "wb") as f:
    f.write(struct.pack("<Q", len(text)) + text + b"".join(parts))
