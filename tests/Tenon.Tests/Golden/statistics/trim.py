"""Keeps every third line of the reference set and the first of the bootstraps: python trim.py REFERENCE_FOLDER"""
import os
import sys

source, target = sys.argv[1], os.path.dirname(os.path.abspath(__file__))
for name in ("adjust", "bootstrap", "correlation", "intervals", "majority", "passk", "special", "tests"):
    lines = open(os.path.join(source, name + ".jsonl")).readlines()
    with open(os.path.join(target, name + ".jsonl"), "w") as f:
        f.writelines(lines[:1] if name == "bootstrap" else lines[::3])
