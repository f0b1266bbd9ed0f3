"""Random people: age, ancestry, features, skin, hair, eyes."""

import numpy as np
from head import ADULT, BABY
from mpfb import DATA

FEATURES = ("head", "nose", "mouth", "cheek", "chin", "forehead", "eyebrows", "eyes", "ears")
FACE_TARGETS = {
    kind: sorted(
        f.name.removesuffix(".target.gz")
        for f in (DATA / "mpfb2/targets" / kind).glob("*.target.gz")
    )
    for kind in FEATURES
}


def mix(rng, age):
    """Macro targets and weights; age 0 newborn .. 0.3 one year .. 1 child .. 2 young adult .. 3 old."""
    race = rng.dirichlet([0.5, 0.5, 0.5])
    male = rng.choice([0.0, 1.0, rng.uniform()])
    if age < 0.3:
        ages = {"baby": 1 + (0.3 - age) * 0.5, "child": -(0.3 - age) * 0.5}
    elif age < 1:
        k = (age - 0.3) / 0.7
        ages = {"baby": 1 - k, "child": k}
    elif age < 2:
        ages = {"child": 2 - age, "young": age - 1}
    else:
        ages = {"young": 3 - age, "old": age - 2}
    fat = rng.choice(["average", "min", "max"], p=[0.6, 0.15, 0.25])
    mus = rng.choice(["average", "min", "max"], p=[0.7, 0.2, 0.1])
    kw = rng.uniform(0.2, 0.8)
    out = []
    for a, wa in ages.items():
        if abs(wa) < 1e-3:
            continue
        for s, ws in (("male", male), ("female", 1 - male)):
            if ws < 1e-3:
                continue
            for r, wr in zip(("african", "asian", "caucasian"), race, strict=False):
                if wr > 0.03:
                    out.append((f"{r}-{s}-{a}", wa * ws * wr))
            out.append((f"universal-{s}-{a}-averagemuscle-averageweight", wa * ws * (1 - kw)))
            out.append((f"universal-{s}-{a}-{mus}muscle-{fat}weight", wa * ws * kw))
    return out, male


def local(rng, age):
    """Random features of the face; both sides alike."""
    out = []
    scale = 0.35 + 0.35 * min(age / 2, 1)
    for d, k in (
        ("head", 3),
        ("nose", 4),
        ("mouth", 3),
        ("cheek", 2),
        ("chin", 2),
        ("forehead", 1),
        ("eyebrows", 1),
        ("eyes", 4),
        ("ears", 1),
    ):
        for _ in range(k):
            t = FACE_TARGETS[d][rng.integers(len(FACE_TARGETS[d]))]
            if t.startswith("head-trans") or "asym" in t:
                continue
            w = scale * abs(rng.normal(0, 0.6)) * (0.6 if d == "eyes" else 1.0)
            w = min(w, 0.9)
            if t[:2] in ("l-", "r-"):
                out += [(f"{d}/l-{t[2:]}", w), (f"{d}/r-{t[2:]}", w)]
            else:
                out.append((f"{d}/{t}", w))
    return [(t, w) for t, w in out if (DATA / "mpfb2/targets" / f"{t}.target.gz").exists()]


TONES = np.array(
    [
        (0.84, 0.62, 0.53),
        (0.78, 0.55, 0.45),
        (0.70, 0.47, 0.37),
        (0.62, 0.42, 0.30),
        (0.50, 0.31, 0.21),
        (0.36, 0.20, 0.135),
        (0.23, 0.125, 0.078),
        (0.13, 0.07, 0.045),
    ]
)
HAIRS = np.array(
    [
        (0.02, 0.015, 0.012),
        (0.035, 0.022, 0.016),
        (0.085, 0.045, 0.025),
        (0.16, 0.09, 0.05),
        (0.30, 0.19, 0.09),
        (0.45, 0.33, 0.18),
        (0.30, 0.10, 0.04),
        (0.45, 0.44, 0.43),
    ]
)
IRISES = np.array(
    [
        (0.045, 0.026, 0.016),
        (0.07, 0.04, 0.02),
        (0.16, 0.10, 0.05),
        (0.12, 0.16, 0.09),
        (0.16, 0.22, 0.30),
        (0.25, 0.30, 0.36),
    ]
)


def look_of(rng, age):
    baby = age < 0.75
    lk = dict(BABY if baby else ADULT)
    k = (len(TONES) - 1.001) * rng.beta(0.8, 1.15)
    i = int(k)
    tone = TONES[i] * (1 - k + i) + TONES[i + 1] * (k - i)
    tone = tone * rng.normal(1, 0.05, 3)
    lip = (
        tone * np.array([0.74, 0.43, 0.43]) * rng.uniform(0.85, 1.15)
        if k < 4.5
        else tone * np.array([1.0, 0.82, 0.95]) * rng.uniform(0.9, 1.1)
    )
    dark = k > 3.5
    hair = HAIRS[
        rng.integers(0, 3) if dark else rng.integers(0, 8 if age > 2.3 else 7)
    ] * rng.uniform(0.8, 1.2)
    brow = hair * 0.6 + tone * (0.4 if not baby else 0.6) * rng.uniform(0.3, 1)
    style = (
        rng.choice(["bob", "back", "short", "short", "bald"])
        if not baby
        else rng.choice(["short", "short", "bald"])
    )
    if age < 2 and not baby:
        style = rng.choice(["bob", "back", "short"])
    lk.update(
        tone=tuple(tone),
        lip=tuple(lip),
        hair=tuple(hair),
        brow=tuple(brow),
        iris=tuple(
            IRISES[rng.integers(0, 2) if dark else rng.integers(0, 6)] * rng.uniform(0.8, 1.25)
        ),
        iris_deg=rng.uniform(25.5, 29) if age > 1 else rng.uniform(27.5, 32),
        shirt=tuple(rng.uniform(0.05, 0.75, 3)),
        stripe=rng.choice([0.0, rng.uniform(0.8, 2)]),
        stripe_k=rng.uniform(0.6, 1.4),
        gloss=rng.uniform(0.1, 0.9),
        brow_n=int(rng.uniform(50, 240)),
        brow_w=rng.uniform(0.7, 1.3),
        brow_dy=rng.normal(0, 0.01),
        lash=tuple(rng.uniform(0.01, 0.12) * np.array([1, 0.7, 0.5])),
        eye_r=1.0,
    )
    if style == "bald":
        lk.update(
            style="short",
            strands=500,
            length=0.01,
            lift=0.4,
            hair_px=0.0009,
            hairline=rng.uniform(0.1, 0.3),
            scalp=rng.uniform(0, 0.3),
        )
    elif style == "short":
        lk.update(
            style="short",
            strands=int(rng.uniform(1800, 3200)),
            length=rng.uniform(0.01, 0.04),
            lift=rng.uniform(0.06, 0.5),
            hair_px=0.0016 if not baby else 0.0013,
            hairline=rng.uniform(0, 0.12),
            scalp=rng.uniform(0.4, 1),
        )
    else:
        lk.update(
            style=style,
            strands=int(rng.uniform(1300, 2200)),
            length=rng.uniform(0.1, 0.24),
            hair_px=0.0034,
            lift=0.25,
            hairline=rng.uniform(-0.03, 0.05),
            scalp=1.0,
        )
    return lk, k


AGES = ((0, 0.35), (0.35, 1), (1, 1.8), (1.8, 2.3), (2.3, 2.9))


def age_of(rng):
    """Half are babies and toddlers, a third young adults; the scale is that of `mix`."""
    low, high = AGES[rng.choice(5, p=[0.38, 0.14, 0.06, 0.32, 0.10])]
    return rng.uniform(low, high)
