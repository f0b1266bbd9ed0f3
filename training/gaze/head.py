"""A person with a look of their own: skin, hair, brows, eyes; posed, with exact gaze."""

import moderngl
import numpy as np
import scipy.sparse as sp
from body import Person, base, rodrigues, rotvec
from scipy.spatial import cKDTree
from shapes import lookat, ortho, sphere


def hairline_y(z):
    return np.interp(
        z, [-0.4, -0.1, 0.35, 0.6, 0.9, 1.2, 1.45], [6.72, 6.72, 6.95, 7.42, 7.48, 7.86, 8.0]
    )


class Actor:
    """a Person plus look: skin tone, hair, brows, clothes, eyes"""

    def __init__(self, R, macro, local, look, seed=0):
        self.R = R
        ctx = R.ctx
        self.look = look
        P0 = Person(macro, local)
        fs = P0.face_scale
        for k in P0.fu:
            P0.fu[k] = P0.fu[k] * fs
        self.P = P = P0
        b = base()
        rest = b["V"]
        rng = np.random.default_rng(seed)
        # eyeball: centre = joint, radius = helper extent
        self.eyes = {}
        for s in "lr":
            idx = sorted({v for f in b["groups"][f"helper-{s}-eye"] for v in b["F"][f]})
            E = P.V0[idx]
            c = (E.min(0) + E.max(0)) / 2
            r = (E.max(0) - E.min(0))[0] / 2
            self.eyes[s] = (c, r * look.get("eye_r", 1.0))
        self.buf = {}
        for nm, part in P.parts.items():
            if nm == "lteeth" or (nm == "uteeth" and look["baby"]):
                continue
            rs = (part.S @ rest)[part.pi].astype("f4")
            p, n = part.geom(P.V0)
            self.buf[nm] = {
                "part": part,
                "vp": ctx.buffer(reserve=p.nbytes),
                "vn": ctx.buffer(reserve=n.nbytes),
                "rest": rs,
                "st": None,
                "ib": ctx.buffer(part.tri.tobytes()),
            }
        # drop what the camera never needs: skin covered by the shirt
        for nm, d in self.buf.items():
            part, rs = d["part"], d["rest"]
            tri = part.tri
            if nm == "skin":
                y = rs[:, 1]
                x = np.abs(rs[:, 0])
                keep = (y[tri].min(1) > 5.0) | (
                    x[tri].min(1) > look.get("sleeve_skin", 3.9 if look["baby"] else 99)
                )
                tri = tri[keep]
            if nm == "shirt":
                y = rs[:, 1]
                x = np.abs(rs[:, 0])
                rs[:, 2]
                tri = tri[(x[tri].max(1) < look.get("sleeve", 4.6))]
            d["ib"] = ctx.buffer(np.ascontiguousarray(tri, "i4").tobytes())
            d["tri"] = tri
        self._bake_ao()
        for nm, d in self.buf.items():
            st = np.hstack([d["rest"], d["part"].uv, d["ao"][:, None]]).astype("f4")
            d["st"] = ctx.buffer(np.ascontiguousarray(st).tobytes())
            d["vao"] = ctx.vertex_array(
                R.progs[
                    {"skin": 0, "shirt": 1, "uteeth": 2, "lteeth": 2, "tongue": 3, "lash": 4}[nm]
                ],
                [
                    (d["vp"], "3f", "p"),
                    (d["vn"], "3f", "n"),
                    (d["st"], "3f 2f 1f", "rest", "uv", "ao"),
                ],
                d["ib"],
                skip_errors=True,
            )
            d["svao"] = ctx.vertex_array(R.sprog, [(d["vp"], "3f", "p")], d["ib"])
        self._hair(rng)
        self._brows(rng)
        fm = (rest[:, 2] > 0.75) & (rest[:, 1] > 6.25) & (rest[:, 1] < 7.95)
        bodyv = np.zeros(len(rest), bool)
        bodyv[sorted({v for f in b["groups"]["body"] for v in b["F"][f]})] = True
        self.face_idx = np.where(fm & bodyv)[0]

        def near(q):
            return int(np.argmin(np.where(bodyv, np.linalg.norm(rest - q, axis=1), 9)))

        self.lm = {
            "nose_tip": near([0, 6.97, 1.70]),
            "chin": near([0, 6.27, 1.47]),
            "mouth_l": near([0.26, 6.60, 1.40]),
            "mouth_r": near([-0.26, 6.60, 1.40]),
            "forehead": near([0, 7.75, 1.5]),
        }

    # ---------- ambient occlusion, per vertex, neutral pose
    def _bake_ao(self, N=28, S=384):
        ctx = self.R.ctx
        P = self.P
        occ = [n for n in ("skin", "shirt") if n in self.buf]
        G = {n: d["part"].geom(P.V0) for n, d in self.buf.items()}
        for n in occ:
            self.buf[n]["vp"].write(np.ascontiguousarray(G[n][0]).tobytes())
        ibs = {}
        for n in occ:
            tri = self.buf[n]["tri"]
            if n == "shirt":
                rs = self.buf[n]["rest"]
                nk = self.look["neck_y"] - 0.30 * np.clip(rs[:, 2] / 0.8, 0, 1)
                tri = tri[((rs[:, 1] < nk) | (np.abs(rs[:, 0]) > 1.1))[tri].all(1)]
            ibs[n] = ctx.buffer(np.ascontiguousarray(tri, "i4").tobytes())
        vs = {
            n: ctx.vertex_array(self.R.sprog, [(self.buf[n]["vp"], "3f", "p")], ibs[n]) for n in occ
        }
        dt = ctx.depth_texture((S, S))
        fb = ctx.framebuffer([], dt)
        ey = self.eyes["l"][0]
        c = np.array([0, ey[1] - 0.1, ey[2] - 0.08])
        ext = 0.42
        acc = {n: np.zeros(len(G[n][0])) for n in G}
        wt = {n: np.zeros(len(G[n][0])) + 1e-6 for n in G}
        ga = np.pi * (3 - 5**0.5)
        for i in range(N):
            y = 1 - 2 * (i + 0.5) / N
            r = np.sqrt(1 - y * y)
            d = np.array([r * np.cos(ga * i), y, r * np.sin(ga * i)])
            if y < -0.6:
                continue
            up = (0, 1, 0) if abs(d[1]) < 0.95 else (1, 0, 0)
            m = ortho(ext, ext, 0.1, 4) @ lookat(c + d * 2, c, up)
            fb.use()
            ctx.enable(moderngl.DEPTH_TEST)
            fb.clear(depth=1.0)
            self.R.sprog["SVP"].write(m.T.astype("f4").tobytes())
            self.R.sprog["M"].write(np.eye(4, dtype="f4").tobytes())
            for n in occ:
                vs[n].render()
            D = np.frombuffer(dt.read(), "f4").reshape(S, S)
            for n, (p, nn) in G.items():
                q = p + nn * 0.0015
                cl = np.c_[q, np.ones(len(q))] @ m.T
                uv = (cl[:, :2] * 0.5 + 0.5) * S
                z = cl[:, 2] * 0.5 + 0.5
                ix = np.clip(uv.astype(int), 0, S - 1)
                ok = (np.abs(cl[:, :2]) < 1).all(1)
                vis = np.where(ok, z - 0.0006 < D[ix[:, 1], ix[:, 0]], True)
                w = np.clip(nn @ d, 0, 1) * (1.0 if y > 0 else 0.6)
                acc[n] += w * vis
                wt[n] += w
        for n in G:
            self.buf[n]["ao"] = np.clip(acc[n] / wt[n], 0.05, 1) ** 0.8

    # ---------- head hair as ribbons, rigid with the head bone
    def _hair(self, rng):
        P, lk = self.P, self.look
        b = base()
        rest = b["V"]
        part = P.parts["skin"]
        p, n = part.geom(P.V0)
        rs = (part.S @ rest)[part.pi]
        tri = part.tri
        c = rs[tri].mean(1)
        ok = (c[:, 1] > hairline_y(c[:, 2]) + lk["hairline"]) & (
            np.abs(c[:, 0]) < lk.get("hair_x", 0.86)
        )
        tri = tri[ok]
        a = np.linalg.norm(
            np.cross(p[tri[:, 1]] - p[tri[:, 0]], p[tri[:, 2]] - p[tri[:, 0]]), axis=1
        )
        k = rng.choice(len(tri), lk["strands"], p=a / a.sum())
        w = rng.dirichlet([1, 1, 1], len(k))
        root = (p[tri[k]] * w[:, :, None]).sum(1)
        nr = (n[tri[k]] * w[:, :, None]).sum(1)
        nr /= np.linalg.norm(nr, axis=1, keepdims=True)
        rr = (rs[tri[k]] * w[:, :, None]).sum(1)
        hv = (rs[:, 1] > 5.6) & (np.abs(rs[:, 0]) < 1.6)
        tree = cKDTree(p[hv])
        hn = n[hv]
        hp = p[hv]
        ey = self.eyes["l"][0]
        hc = np.array([0, ey[1] + 0.03, ey[2] - 0.10])
        self.hair_c = hc
        if lk["style"] == "bob":
            side = np.sign(rr[:, 0] - 0.10) + 0.0
            comb = np.c_[side * 0.9, np.full(len(k), -0.25), np.full(len(k), -0.75)]
            comb += rng.normal(0, 0.12, comb.shape)
            off0 = rng.uniform(0.002, 0.018, len(k))
            L = lk["length"] * rng.uniform(0.85, 1.05, len(k))
            steps, grav, keep = 10, 0.26, 0.75
        elif lk["style"] == "back":
            bun = hc + np.array([0, 0.00, -0.125])
            comb = bun - root
            off0 = rng.uniform(0.001, 0.010, len(k))
            L = np.linalg.norm(comb, axis=1) * 1.3
            steps, grav, keep = 14, 0.0, 0.5
        else:
            whorl = hc + np.array([0.01, 0.10, -0.05])
            comb = root - whorl + np.array([0, -0.02, 0.03])
            comb += rng.normal(0, 0.02, comb.shape)
            off0 = rng.uniform(0.0003, 0.003, len(k))
            L = lk["length"] * rng.uniform(0.6, 1.1, len(k))
            steps, grav, keep = 4, 0.10, 0.8
        comb /= np.linalg.norm(comb, axis=1, keepdims=True)
        t = comb - (comb * nr).sum(1, keepdims=True) * nr + lk.get("lift", 0.25) * nr
        t /= np.linalg.norm(t, axis=1, keepdims=True)
        X = root.copy()
        pts = [X.copy()]
        h = (L / steps)[:, None]
        for s in range(steps):
            if lk["style"] == "back":
                tgt = bun - X
                tgt /= np.linalg.norm(tgt, axis=1, keepdims=True) + 1e-9
                t = keep * t + (1 - keep) * tgt
            else:
                t = keep * t + np.array([0, -grav, 0]) + rng.normal(0, 0.02, t.shape)
                if lk["style"] == "bob":
                    rel = X - hc
                    # keep the face free: strands that drift in front of the ears are pulled back and out
                    fr = np.clip((rel[:, 2] - 0.035) / 0.05, 0, 1) * (rel[:, 1] < 0.065)
                    t[:, 2] -= 0.35 * fr
                    t[:, 0] += 0.25 * fr * np.sign(rel[:, 0])
                    low = rel[:, 1] < -0.06
                    t[low, 0] -= 0.05 * np.sign(rel[low, 0])
            t /= np.linalg.norm(t, axis=1, keepdims=True)
            X = X + t * h
            d, i = tree.query(X, workers=1)
            sd = ((X - hp[i]) * hn[i]).sum(1)
            pen = off0 * min(1, 0.25 + s / 5) - sd
            push = (pen > 0) & (d < 0.05)
            X[push] += hn[i][push] * pen[push, None]
            pts.append(X.copy())
        Q = np.stack(pts, 1)
        T = np.gradient(Q, axis=1)
        T /= np.linalg.norm(T, axis=2, keepdims=True) + 1e-9
        self._ribbons("hair", Q, T, rng, dyn=None)
        if lk["style"] == "back":  # bun
            d = sphere(24, 30)[0]
            self.bun = bun
            m = 1500
            th = rng.uniform(0, 2 * np.pi, m)
            ax = rng.normal(size=(m, 3))
            ax[:, 2] += 2
            ax /= np.linalg.norm(ax, axis=1, keepdims=True)
            e1 = np.cross(ax, [0, 1, 0.1])
            e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
            e2 = np.cross(ax, e1)
            uu = np.linspace(0, 2.2, 10)
            r = rng.uniform(0.030, 0.040, (m, 1, 1))
            Q = bun + r * (
                np.cos(th[:, None] + uu)[:, :, None] * e1[:, None]
                + np.sin(th[:, None] + uu)[:, :, None] * e2[:, None]
            )
            T = np.gradient(Q, axis=1)
            T /= np.linalg.norm(T, axis=2, keepdims=True)
            self._ribbons("bun", Q, T, rng, dyn=None)

    def _ribbons(self, nm, Q, T, rng, dyn):
        ctx = self.R.ctx
        ns, m = Q.shape[:2]
        rnd = np.repeat(rng.uniform(0, 1, ns), m * 2)
        u = np.tile(np.repeat(np.linspace(0, 1, m), 2), ns)
        side = np.tile([-1.0, 1.0], ns * m)
        q = np.repeat(Q.reshape(-1, 3), 2, 0)
        t = np.repeat(T.reshape(-1, 3), 2, 0)
        a = (np.arange(ns)[:, None] * m + np.arange(m - 1)[None]).ravel() * 2
        I = np.concatenate(
            [np.stack([a, a + 1, a + 2], 1), np.stack([a + 1, a + 3, a + 2], 1)]
        ).astype("i4")
        pt = ctx.buffer(np.hstack([q, t]).astype("f4").tobytes())
        st = ctx.buffer(np.stack([side, rnd, u], 1).astype("f4").tobytes())
        ib = ctx.buffer(I.tobytes())
        vao = ctx.vertex_array(
            self.R.hprog, [(pt, "3f 3f", "p", "t"), (st, "1f 1f 1f", "side", "rnd", "u")], ib
        )
        sv = ctx.vertex_array(self.R.sprog, [(pt, "3f 12x", "p")], ib)
        self.rib = getattr(self, "rib", {})
        self.rib[nm] = {"pt": pt, "vao": vao, "svao": sv, "dyn": dyn, "shape": (ns, m)}

    # ---------- brows: short ribbons tied to the skin
    def _brows(self, rng):
        P, lk = self.P, self.look
        b = base()
        rest = b["V"]
        fs = [b["F"][f] for f in b["groups"]["body"]]
        fs = [
            f
            for f in fs
            if rest[f, 1].min() > 7.2 and rest[f, 1].max() < 7.9 and rest[f, 2].min() > 0.9
        ]
        tri = np.array([[f[0], f[1], f[2]] for f in fs] + [[f[0], f[2], f[3]] for f in fs])
        cen = rest[tri].mean(1)
        cKDTree(cen)
        Qs = []
        for sg in (-1, 1):
            n = lk["brow_n"]
            s = rng.beta(1.1, 1.3, n)
            cx = np.interp(s, [0, 0.35, 0.7, 1], [0.13, 0.27, 0.42, 0.57])
            cy = np.interp(s, [0, 0.35, 0.7, 1], [7.47, 7.515, 7.535, 7.475]) + lk.get("brow_dy", 0)
            half = np.interp(s, [0, 0.2, 0.7, 1], [0.024, 0.034, 0.024, 0.006]) * lk.get(
                "brow_w", 1
            )
            cy = cy + rng.uniform(-1, 1, n) * half
            L = rng.uniform(0.05, 0.09, n) * np.interp(s, [0, 1], [1, 0.8])
            ang = np.interp(s, [0, 0.2, 0.6, 1], [0.95, 0.42, 0.05, -0.42]) + rng.normal(0, 0.12, n)
            pts = []
            for k in range(4):
                u = k / 3
                pts.append(np.c_[sg * (cx + np.cos(ang) * L * u), cy + np.sin(ang) * L * u])
            Qs.append(np.stack(pts, 1))
        Q = np.concatenate(Qs)  # ns,4,2
        ns, m = Q.shape[:2]
        q2 = Q.reshape(-1, 2)
        # drop on surface: nearest front triangle in xy
        tr2 = cKDTree(cen[:, :2])
        _, cand = tr2.query(q2, k=12)
        best = np.full(len(q2), -1)
        bw = np.zeros((len(q2), 3))
        np.full(len(q2), -9.0)
        bm = np.full(len(q2), -9.0)
        for j in range(12):
            t = tri[cand[:, j]]
            A, B, C = rest[t[:, 0]], rest[t[:, 1]], rest[t[:, 2]]
            v0, v1, v2 = (B - A)[:, :2], (C - A)[:, :2], q2 - A[:, :2]
            den = v0[:, 0] * v1[:, 1] - v1[:, 0] * v0[:, 1] + 1e-12
            w1 = (v2[:, 0] * v1[:, 1] - v1[:, 0] * v2[:, 1]) / den
            w2 = (v0[:, 0] * v2[:, 1] - v2[:, 0] * v0[:, 1]) / den
            W = np.c_[1 - w1 - w2, w1, w2]
            mn = np.minimum(W.min(1), 0)
            better = mn > bm + 1e-9
            best[better] = cand[better, j]
            bw[better] = W[better]
            bm[better] = mn[better]
        bw = np.clip(bw, 0, 1)
        bw /= bw.sum(1, keepdims=True)
        rows = np.repeat(np.arange(len(q2)), 3)
        self.browM = sp.csr_matrix((bw.ravel(), (rows, tri[best].ravel())), (len(q2), len(rest)))
        lift = np.tile(np.linspace(0.0012, 0.0022, m), ns)
        self.brow_lift = lift
        p = self.browM @ P.V0
        Q = p.reshape(ns, m, 3)
        T = np.gradient(Q, axis=1)
        T /= np.linalg.norm(T, axis=2, keepdims=True) + 1e-9
        self._ribbons("brow", Q, T, rng, dyn=(ns, m))

    # ---------- per frame
    def set(self, root, head_R, expr, aims=None, gaze_pt=None, extra=None, eye_lim=(38.0, 28.0)):
        """root: 4x4 body->world; head_R: 3x3 head rotation in body axes; gaze_pt world."""
        P = self.P
        rv = rotvec(head_R)
        ang = np.linalg.norm(rv)
        rots = {}
        for nm, f in (("neck01", 0.15), ("neck02", 0.15), ("neck03", 0.2), ("head", 0.5)):
            rots[nm] = rodrigues(rv if ang > 1e-6 else [0, 1, 0], ang * f)
        if extra:
            rots.update(extra)
        # eye directions first (need lids): head transform is known from the chain
        _Vq, _G = None, None
        # cheap chain for head only
        H = np.eye(4)
        chain = []
        nme = "head"
        while nme:
            chain.append(nme)
            nme = P.bones[nme][0]
        for nme in reversed(chain):
            if nme in rots:
                T = np.eye(4)
                T[:3, :3] = rots[nme]
                T[:3, 3] = P.bones[nme][1] - rots[nme] @ P.bones[nme][1]
                H = H @ T
        HW = root @ H
        self.HW = HW
        self.eyeW = {}
        self.gz = {}
        e = dict(expr)
        np.zeros(2)
        for s in "lr":
            c, _r = self.eyes[s]
            cw = HW[:3, :3] @ c + HW[:3, 3]
            d = gaze_pt - cw
            d /= np.linalg.norm(d)
            dl = HW[:3, :3].T @ d
            yaw = np.degrees(np.arctan2(dl[0], dl[2]))
            pit = np.degrees(np.arcsin(np.clip(dl[1], -1, 1)))
            yc = np.clip(yaw, -eye_lim[0], eye_lim[0])
            pc = np.clip(pit, -eye_lim[1], eye_lim[1])
            y, q = np.radians(yc), np.radians(pc)
            dl = np.array([np.sin(y) * np.cos(q), np.sin(q), np.cos(y) * np.cos(q)])
            self.eyeW[s] = cw
            self.gz[s] = HW[:3, :3] @ dl
            S = "Left" if s == "l" else "Right"
            f = 0.8
            if pc > 0:
                e["eyeLookUp" + S] = e.get("eyeLookUp" + S, 0) + f * pc / 28
            else:
                e["eyeLookDown" + S] = e.get("eyeLookDown" + S, 0) + f * -pc / 28
            inn = -yc if s == "l" else yc
            if inn > 0:
                e["eyeLookIn" + S] = f * inn / 35
            else:
                e["eyeLookOut" + S] = f * -inn / 35
        # arms by aiming
        if aims:
            order = [
                "clavicle.L",
                "clavicle.R",
                "shoulder01.L",
                "shoulder01.R",
                "upperarm01.L",
                "upperarm01.R",
                "lowerarm01.L",
                "lowerarm01.R",
            ]
            acc = {}
            for nm in order:
                if nm not in aims:
                    continue
                child = {"upperarm01": "lowerarm01", "lowerarm01": "wrist"}.get(nm[:-2])
                a = P.bones[child + nm[-2:]][1] - P.bones[nm][1]
                a /= np.linalg.norm(a)
                PR = acc.get(nm[-1], np.eye(3))
                t = PR.T @ (np.array(aims[nm], float) / np.linalg.norm(aims[nm]))
                v = np.cross(a, t)
                s_ = np.linalg.norm(v)
                c_ = a @ t
                Rl = rodrigues(v, np.arctan2(s_, c_)) if s_ > 1e-6 else np.eye(3)
                rots[nm] = Rl
                acc[nm[-1]] = PR @ Rl
        Vp, _G = P.pose(rots, e)
        Vw = Vp @ root[:3, :3].T + root[:3, 3]
        self.Vw = Vw
        for d in self.buf.values():
            p, n = d["part"].geom(Vw)
            d["vp"].write(np.ascontiguousarray(p).tobytes())
            d["vn"].write(np.ascontiguousarray(n).tobytes())
        hc = HW[:3, :3] @ self.hair_c + HW[:3, 3]
        self.hcW = hc
        q = self.browM @ Vw
        dirn = q - hc
        dirn /= np.linalg.norm(dirn, axis=1, keepdims=True)
        q = q + dirn * self.brow_lift[:, None]
        ns, m = self.rib["brow"]["shape"]
        Q = q.reshape(ns, m, 3)
        T = np.gradient(Q, axis=1)
        T /= np.linalg.norm(T, axis=2, keepdims=True) + 1e-9
        self.rib["brow"]["pt"].write(
            np.repeat(np.concatenate([Q, T], 2).reshape(-1, 6), 2, 0).astype("f4").tobytes()
        )


ADULT = {
    "baby": False,
    "tone": (0.70, 0.47, 0.37),
    "lip": (0.50, 0.19, 0.18),
    "hair": (0.085, 0.045, 0.025),
    "brow": (0.19, 0.12, 0.085),
    "hairline": 0.0,
    "scalp": 1.0,
    "strands": 2300,
    "style": "bob",
    "length": 0.19,
    "hair_px": 0.0030,
    "brow_px": 0.0008,
    "brow_n": 150,
    "gloss": 0.9,
    "shirt": (0.12, 0.24, 0.30),
    "stripe": 0.0,
    "neck_y": 6.15,
    "iris": (0.16, 0.10, 0.05),
    "iris_deg": 27.0,
    "eye_r": 1.0,
}
BABY = {
    "baby": True,
    "tone": (0.80, 0.57, 0.48),
    "lip": (0.62, 0.28, 0.26),
    "hair": (0.22, 0.13, 0.07),
    "brow": (0.42, 0.28, 0.20),
    "hairline": 0.10,
    "scalp": 0.45,
    "strands": 2600,
    "style": "short",
    "length": 0.024,
    "hair_px": 0.0011,
    "brow_px": 0.0005,
    "brow_n": 80,
    "gloss": 0.5,
    "shirt": (0.75, 0.62, 0.25),
    "stripe": 1.6,
    "stripe_k": 1.25,
    "neck_y": 6.0,
    "lift": 0.06,
    "hair_x": 0.76,
    "iris": (0.16, 0.22, 0.30),
    "iris_deg": 30.0,
    "eye_r": 1.0,
    "lash": (0.12, 0.08, 0.06),
}
