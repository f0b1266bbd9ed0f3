"""Pictures of one head each, with exact gaze: random people, looks, light, cameras.

    python render.py OUT FIRST COUNT [POSES VIEWS]

FIRST to FIRST + COUNT are seeds; each is one person and one file OUT/id_SEED.npz with
- ``rgb``, ``alpha``: 256 x 256 pictures as JPEG and PNG bytes;
- ``meta``: a row a picture: gaze (3) and the head's axes (9) in the camera's axes (x right, y down,
  z away), box of the face (4), centres of the right and left eyeball (4), focal length in pixels,
  blink, yaw and pitch of the eyes in the head in degrees, age, skin tone, glasses, male.
"""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("LP_NUM_THREADS", "1")  # before Mesa is loaded

import cv2
import numpy as np
from body import Rx, Ry, Rz
from head import Actor
from people import age_of, local, look_of, mix
from renderer import Renderer, tonemap
from shapes import lookat, sphere, torus

TILE = 256
WAYS = 6  # ways that the eyes look in each picture of a head; drawing eyes alone is cheap
CV = np.diag([1.0, -1, -1])  # from the camera axes of OpenGL to those of OpenCV


def glasses(R, A, rng):
    """Rims, bridge and arms, fixed to the head."""
    el, er = A.eyes["l"][0], A.eyes["r"][0]
    d = np.linalg.norm(el - er)
    r = d * rng.uniform(0.30, 0.40)
    out = []
    z = max(el[2], er[2]) + 0.26 * d
    th = rng.uniform(0.0008, 0.0028)
    c = tuple(rng.uniform(0.01, 0.3, 3))
    sq = rng.uniform(0.7, 1)

    def add(P, N, I, M):
        m = R.mesh(P, N, I, colA=c, colB=(0.3, 50.0, 0.0))
        m["L"] = M
        m["shadow"] = False
        out.append(m)

    for e in (el, er):
        P, N, I = torus(r, th, 28, 8)
        M = np.eye(4)
        M[:3, :3] = Rx(np.pi / 2) @ np.diag([1, 1, sq])
        M[:3, 3] = (e[0], e[1] - 0.04 * d, z)
        add(P, N, I, M)
    P, N, I = sphere(10, 14)
    P = P * np.array([(d / 2 - r) * 1.05, th * 1.3, th])
    M = np.eye(4)
    M[:3, 3] = (0, el[1] + 0.06 * d, z + 0.002)
    add(P, N, I, M)
    for s in (-1, 1):
        P, N, I = sphere(10, 14)
        L = 0.085 * d / 0.062
        P = P * np.array([th, th * 1.5, L / 2])
        M = np.eye(4)
        M[:3, 3] = (s * (d / 2 + r + 0.003), el[1] + 0.05 * d, z - L / 2)
        add(P, N, I, M)
    return out


def frame(rng):
    """Head in body axes, gaze against the head, expression, camera."""
    # the head against the line of sight, degrees; yaw + to the person's left
    u = rng.uniform()
    wide = 65 if u < 0.9 else 85
    yaw = rng.normal(0, 18) if u < 0.35 else rng.uniform(-wide, wide)
    pit = rng.normal(-6, 14)
    roll = rng.normal(0, 8)
    # the eyes in the head
    v = rng.uniform()
    if v < 0.30:
        ey, ep = rng.normal(0, 9), rng.normal(0, 7)
    elif v < 0.62:
        ey, ep = rng.normal(0, 18), rng.normal(0, 12)
    elif v < 0.80:
        ey, ep = rng.uniform(-38, 38), rng.uniform(-26, 24)
    else:  # faces something low in front, the eyes go up and to the side, or the reverse
        s = 1 if rng.uniform() < 0.7 else -1
        if s > 0:
            pit = rng.uniform(-38, -8)
        ey, ep = rng.uniform(-34, 34), s * rng.uniform(6, 27)
    return yaw, pit, roll, np.clip(ey, -38, 38), np.clip(ep, -27, 27)


def express(rng):
    e = {}
    if rng.uniform() < 0.45:
        s = rng.uniform(0.1, 1)
        e.update(
            mouthSmileLeft=0.85 * s,
            mouthSmileRight=0.85 * s,
            cheekSquintLeft=0.7 * s,
            cheekSquintRight=0.7 * s,
            mouthDimpleLeft=0.3 * s,
            mouthDimpleRight=0.3 * s,
        )
    if rng.uniform() < 0.5:
        e["jawOpen"] = rng.beta(1, 2.2) * 0.8
    for k, p, m in (
        ("browInnerUp", 0.3, 0.7),
        ("mouthPucker", 0.1, 0.6),
        ("mouthFunnel", 0.12, 0.6),
        ("cheekPuff", 0.08, 0.6),
        ("tongueOut", 0.04, 0.6),
    ):
        if rng.uniform() < p:
            e[k] = rng.uniform(0, m)
    for pair, p, m in (
        ("browDown", 0.2, 0.7),
        ("browOuterUp", 0.2, 0.8),
        ("mouthFrown", 0.12, 0.7),
        ("eyeSquint", 0.35, 0.7),
        ("eyeWide", 0.2, 0.7),
        ("noseSneer", 0.1, 0.6),
        ("mouthStretch", 0.08, 0.5),
    ):
        if rng.uniform() < p:
            w = rng.uniform(0, m)
            e[pair + "Left"] = e.get(pair + "Left", 0) + w
            e[pair + "Right"] = e.get(pair + "Right", 0) + w
    b = rng.uniform(0, 0.4) if rng.uniform() < 0.2 else 0.0
    e["eyeBlinkLeft"] = e["eyeBlinkRight"] = b
    return e


def light(rng):
    d = rng.normal(size=3)
    d[1] = abs(d[1]) * rng.choice([1, 1, 1, -0.4]) + 0.2
    d[2] += 0.6
    if rng.uniform() < 0.18:
        d[2] = -abs(d[2])
    k = rng.uniform(0.25, 1.9)
    t = rng.normal(0, 0.12)
    warm = np.array([1 + t, 1, 1 - t])
    s = rng.uniform(0.25, 0.8)
    g = s * rng.uniform(0.35, 0.8)
    rim = rng.uniform(0, 1.5) if rng.uniform() < 0.3 else rng.uniform(0, 0.2)
    return {
        "dir": tuple(d),
        "col": tuple(k * warm),
        "sky": tuple(s * rng.normal(1, 0.06, 3)),
        "gnd": tuple(g * np.array([1.05, 0.95, 0.85])),
        "center": (0, 1.0, 0),
        "rimdir": (rng.normal(), 0.4, -1),
        "rimcol": (rim,) * 3,
    }


def turn_eyes(A, em, ey, ep, away):
    """Turn both eyes to a point `away` metres off in the direction (ey, ep) of the head, lids as they are."""
    y, p = np.radians([ey, ep])
    H = A.HW[:3, :3]
    at = em + H @ np.array([np.sin(y) * np.cos(p), np.sin(p), np.cos(y) * np.cos(p)]) * away
    for s in "lr":
        d = at - A.eyeW[s]
        A.gz[s] = d / np.linalg.norm(d)


def make(R, seed, poses, views):
    rng = np.random.default_rng(seed)
    age = age_of(rng)
    macro, male = mix(rng, age)
    lk, tone = look_of(rng, age)
    A = Actor(R, macro, local(rng, age), lk, seed=seed)
    specs = glasses(R, A, rng) if rng.uniform() < (0.16 if age > 1 else 0.02) else []
    ec = (A.eyes["l"][0] + A.eyes["r"][0]) / 2
    width = float(np.ptp(A.P.V0[A.face_idx, 0]))
    T, meta = [], []
    for _ in range(poses):
        yaw, pit, roll, ey, ep = frame(rng)
        rad = np.radians
        # the body is turned, the head follows part of the way on the neck
        nk = np.clip(rng.normal(0, 14, 2), -30, 30)
        HR = Ry(rad(nk[0])) @ Rx(rad(-nk[1] * 0.6)) @ Rz(rad(roll))
        root = np.eye(4)
        root[:3, 3] = np.array([0, 1.05, 0]) - ec
        far = 10 ** rng.uniform(-0.35, 0.45)
        ex = express(rng)
        # first set with straight eyes to know the head, then aim
        A.set(root, HR, {}, gaze_pt=np.array([0, 1.05, 9.0]))
        H = A.HW[:3, :3]
        em = (A.eyeW["l"] + A.eyeW["r"]) / 2
        g = H @ np.array(
            [np.sin(rad(ey)) * np.cos(rad(ep)), np.sin(rad(ep)), np.cos(rad(ey)) * np.cos(rad(ep))]
        )
        A.set(root, HR, ex, gaze_pt=em + g * 10 ** rng.uniform(-0.4, 0.5), eye_lim=(40.0, 28.0))
        em = (A.eyeW["l"] + A.eyeW["r"]) / 2
        for v in range(views):
            if v:
                yaw, pit = (
                    np.clip(yaw + rng.normal(0, 25), -85, 85),
                    np.clip(pit + rng.normal(0, 10), -50, 45),
                )
            # where the camera stands, in the head's axes, so that the head is seen at (yaw, pit)
            c = H @ np.array(
                [
                    np.sin(rad(-yaw)) * np.cos(rad(-pit)),
                    np.sin(rad(-pit)),
                    np.cos(rad(-yaw)) * np.cos(rad(-pit)),
                ]
            )
            cam = em + c * far
            at = em - H[:, 1] * width * 0.12
            up = H[:, 1] + rng.normal(0, 0.08, 3)
            view = lookat(cam, at, up)
            size = width * rng.uniform(1.75, 2.1)
            fov = 2 * np.arctan(size / 2 / far)
            R.props = specs
            for s in specs:
                s["M"] = A.HW @ s["L"]
            R.draw([A], view, fov, light(rng))
            f2 = R.project(A.Vw[A.face_idx])
            e2 = R.project(np.stack([A.eyeW["r"], A.eyeW["l"]]))
            lo, hi = (
                np.clip(f2.min(0), 0, TILE - 9).astype(int),
                np.clip(f2.max(0), 9, TILE).astype(int),
            )
            Rc = CV @ view[:3, :3]
            want = rng.uniform(0.10, 0.42) * (lk["tone"][1] / 0.4) ** 0.35
            power = rng.uniform(0.4, 1.1) if rng.uniform() < 0.85 else 0.0
            for w in range(WAYS):
                y, p = (
                    (ey, ep)
                    if not w
                    else (
                        np.clip(
                            rng.uniform(-38, 38) if rng.uniform() < 0.5 else rng.normal(0, 15),
                            -39,
                            39,
                        ),
                        np.clip(ep + rng.normal(0, 2.5), -28, 28),
                    )
                )
                turn_eyes(A, em, y, p, 10 ** rng.uniform(-0.4, 0.5))
                im = R.look(A)
                a = np.clip(im[..., 3:], 0, 1)
                lit = (
                    float(im[lo[1] : hi[1], lo[0] : hi[0], :3].mean()) + 1e-3
                )  # the camera exposes, but not well
                rgb = tonemap(im[..., :3] * (want / lit) ** power, 0.62)
                T.append((np.dstack([rgb, a]) * 255 + 0.5).astype("u1"))
                gw = A.gz["l"] + A.gz["r"]
                gw /= np.linalg.norm(gw)
                meta.append(
                    np.concatenate(
                        [
                            Rc @ gw,
                            (Rc @ H).ravel(),
                            f2.min(0),
                            f2.max(0),
                            e2.ravel(),
                            [
                                TILE / 2 / np.tan(fov / 2),
                                ex["eyeBlinkLeft"],
                                y,
                                p,
                                age,
                                tone,
                                len(specs) > 0,
                                male,
                            ],
                        ]
                    )
                )
    return np.stack(T), np.array(meta, "f4")


def main():
    out, first, count = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    poses, views = (int(sys.argv[4]), int(sys.argv[5])) if len(sys.argv) > 5 else (3, 2)
    out.mkdir(parents=True, exist_ok=True)
    cv2.setNumThreads(1)
    R = Renderer(TILE)
    n, t0 = 0, time.time()
    for seed in range(first, first + count):
        file = out / f"id_{seed:05d}.npz"
        if file.exists():
            continue
        T, m = make(R, seed, poses, views)
        rgb = [cv2.imencode(".jpg", t[..., 2::-1], [cv2.IMWRITE_JPEG_QUALITY, 97])[1] for t in T]
        alpha = [cv2.imencode(".png", t[..., 3], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1] for t in T]
        half = out / f"half_{seed:05d}.npz"
        np.savez(half, rgb=np.array(rgb, object), alpha=np.array(alpha, object), meta=m, seed=seed)
        half.replace(file)
        n += len(T)
        print(f"{seed} {n} {(time.time() - t0) / n:.3f} s a picture", flush=True)


if __name__ == "__main__":
    main()
