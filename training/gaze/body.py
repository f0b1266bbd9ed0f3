"""Person = MakeHuman base mesh + macro targets + face units + linear blend skinning,
once Catmull-Clark subdivided. Units: metres, y up, face looks to +z, person's left = +x."""

import functools

import numpy as np
import scipy.sparse as sp
from mpfb import DATA, joints, load_base, load_rig, load_target

FU = "faceunits01/targets/faceunits/%s.target"
MAC = "mpfb2/targets/macrodetails/%s.target.gz"
base = load_base


def rodrigues(axis, ang):
    a = np.asarray(axis, float)
    a = a / (np.linalg.norm(a) + 1e-12)
    K = np.array([[0, -a[2], a[1]], [a[2], 0, -a[0]], [-a[1], a[0], 0]])
    return np.eye(3) + np.sin(ang) * K + (1 - np.cos(ang)) * K @ K


def Ry(a):
    return rodrigues([0, 1, 0], a)


def Rx(a):
    return rodrigues([1, 0, 0], a)


def Rz(a):
    return rodrigues([0, 0, 1], a)


def rotvec(R):
    c = np.clip((np.trace(R) - 1) / 2, -1, 1)
    a = np.arccos(c)
    if a < 1e-8:
        return np.zeros(3)
    v = np.array([R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]])
    return v / (2 * np.sin(a)) * a


def catmull_clark(faces, facesT, nV, nT):
    """one level; returns sparse S (positions), St (uv, linear), quads, quadsT"""
    edges = {}
    ef = []
    eT = {}
    for fi, f in enumerate(faces):
        k = len(f)
        for i in range(k):
            a, b = f[i], f[(i + 1) % k]
            e = (min(a, b), max(a, b))
            if e not in edges:
                edges[e] = len(edges)
                ef.append([])
            ef[edges[e]].append(fi)
            ta, tb = facesT[fi][i], facesT[fi][(i + 1) % k]
            t = (min(ta, tb), max(ta, tb))
            eT.setdefault(t, len(eT))
    used = sorted({v for f in faces for v in f})
    nE, nF = len(edges), len(faces)
    R, C, D = [], [], []

    def add(r, c, d):
        R.append(r)
        C.append(c)
        D.append(d)

    for fi, f in enumerate(faces):
        for v in f:
            add(fi, v, 1 / len(f))
    FP = sp.csr_matrix((D, (R, C)), (nF, nV))
    R, C, D = [], [], []
    R2, C2, D2 = [], [], []
    vE = {}
    vF = {}
    for (a, b), e in edges.items():
        vE.setdefault(a, []).append((e, b))
        vE.setdefault(b, []).append((e, a))
        if len(ef[e]) == 2:
            add(e, a, 0.25)
            add(e, b, 0.25)
            for fi in ef[e]:
                R2.append(e)
                C2.append(fi)
                D2.append(0.25)
        else:
            add(e, a, 0.5)
            add(e, b, 0.5)
    EP = sp.csr_matrix((D, (R, C)), (nE, nV)) + sp.csr_matrix((D2, (R2, C2)), (nE, nF)) @ FP
    for fi, f in enumerate(faces):
        for v in f:
            vF.setdefault(v, []).append(fi)
    R, C, D, R2, C2, D2 = [], [], [], [], [], []
    vid = {v: i for i, v in enumerate(used)}
    for v in used:
        es = vE[v]
        bd = [o for e, o in es if len(ef[e]) != 2]
        i = vid[v]
        if bd:
            add(i, v, 0.75)
            for o in bd[:2]:
                add(i, o, 0.125)
            if len(bd) == 1:
                add(i, v, 0.125)
            continue
        n = len(es)
        add(i, v, (n - 3) / n)
        for _, o in es:  # 2/n * mean edge mids
            add(i, v, 2 / n / n * 0.5)
            add(i, o, 2 / n / n * 0.5)
        for fi in vF[v]:
            R2.append(i)
            C2.append(fi)
            D2.append(1 / n / len(vF[v]))
    VP = (
        sp.csr_matrix((D, (R, C)), (len(used), nV))
        + sp.csr_matrix((D2, (R2, C2)), (len(used), nF)) @ FP
    )
    S = sp.vstack([VP, EP, FP]).tocsr()
    oE, oF = len(used), len(used) + nE
    # uv
    usedT = sorted({v for f in facesT for v in f})
    tid = {v: i for i, v in enumerate(usedT)}
    R, C, D = [], [], []
    for v, i in tid.items():
        add(i, v, 1.0)
    for (a, b), e in eT.items():
        add(len(usedT) + e, a, 0.5)
        add(len(usedT) + e, b, 0.5)
    oTF = len(usedT) + len(eT)
    for fi, f in enumerate(facesT):
        for v in f:
            add(oTF + fi, v, 1 / len(f))
    St = sp.csr_matrix((D, (R, C)), (oTF + nF, nT))
    Q, QT = [], []
    for fi, f in enumerate(faces):
        k = len(f)
        t = facesT[fi]
        for i in range(k):
            e0 = edges[tuple(sorted((f[i - 1], f[i])))]
            e1 = edges[tuple(sorted((f[i], f[(i + 1) % k])))]
            t0 = eT[tuple(sorted((t[i - 1], t[i])))]
            t1 = eT[tuple(sorted((t[i], t[(i + 1) % k])))]
            Q.append([vid[f[i]], oE + e1, oF + fi, oE + e0])
            QT.append([tid[t[i]], len(usedT) + t1, oTF + fi, len(usedT) + t0])
    return S, St, np.array(Q), np.array(QT)


class Part:
    """triangles with unified (pos,uv) vertices; V_part = M @ V_base"""

    def __init__(self, faces, facesT, VT, nV, subdiv=True):
        nT = len(VT)
        if subdiv:
            S, St, Q, QT = catmull_clark(faces, facesT, nV, nT)
        else:
            us = sorted({v for f in faces for v in f})
            ut = sorted({v for f in facesT for v in f})
            vi = {v: i for i, v in enumerate(us)}
            ti = {v: i for i, v in enumerate(ut)}
            S = sp.csr_matrix((np.ones(len(us)), (range(len(us)), us)), (len(us), nV))
            St = sp.csr_matrix((np.ones(len(ut)), (range(len(ut)), ut)), (len(ut), nT))
            Q = np.array([[vi[v] for v in f] for f in faces])
            QT = np.array([[ti[v] for v in f] for f in facesT])
        uv = St @ VT
        key = Q.astype(np.int64).ravel() * (len(uv) + 1) + QT.ravel()
        uk, inv = np.unique(key, return_inverse=True)
        self.S = S  # position verts (welded; for normals)
        self.Q = Q
        self.pi = (uk // (len(uv) + 1)).astype(int)  # unified vertex -> position vertex
        self.uv = uv[(uk % (len(uv) + 1)).astype(int)].astype("f4")
        q = inv.reshape(-1, 4)
        self.tri = np.concatenate([q[:, [0, 1, 2]], q[:, [0, 2, 3]]]).astype("i4")
        n = S.shape[0]
        r = Q.ravel()
        c = np.repeat(np.arange(len(Q)), 4)
        self.N = sp.csr_matrix((np.ones(len(r)), (r, c)), (n, len(Q)))

    def geom(self, Vb):
        P = self.S @ Vb
        q = P[self.Q]
        fn = np.cross(q[:, 2] - q[:, 0], q[:, 3] - q[:, 1])
        n = self.N @ fn
        n /= np.linalg.norm(n, axis=1, keepdims=True) + 1e-12
        return P[self.pi].astype("f4"), n[self.pi].astype("f4")


TOP = 5.2  # units of the base mesh: what lies lower is never in a picture of a head


@functools.cache
def head_parts():
    """The parts of the head and shoulders; their topology is every person's, so it is made once."""
    b = base()
    V = b["V"]
    nV = len(V)

    def mk(g, low, subdiv=True):
        fs = [
            f
            for f in b["groups"][g]
            if V[b["F"][f], 1].min() > low and abs(V[b["F"][f], 0]).max() < 3.0
        ]
        return Part([b["F"][f] for f in fs], [b["FT"][f] for f in fs], b["VT"], nV, subdiv=subdiv)

    parts = {
        "skin": mk("body", TOP),
        "shirt": mk("helper-tights", TOP, subdiv=False),
        "uteeth": mk("helper-upper-teeth", TOP, subdiv=False),
        "tongue": mk("helper-tongue", TOP, subdiv=False),
    }
    fs = [f for s in "lr" for f in b["groups"][f"helper-{s}-eyelashes-2"]]
    parts["lash"] = Part(
        [b["F"][f] for f in fs], [b["FT"][f] for f in fs], b["VT"], nV, subdiv=False
    )
    for p in parts.values():
        p.S.sort_indices()
    return parts


@functools.cache
def used_vertices():
    b = base()
    used = {int(c) for p in head_parts().values() for c in np.unique(p.S.indices)}
    for s in "lr":
        used |= {v for f in b["groups"][f"helper-{s}-eye"] for v in b["F"][f]}
    for f in b["groups"]["body"]:
        if b["V"][b["F"][f], 1].min() > 6.2:
            used |= set(b["F"][f])
    return np.array(sorted(used))


@functools.cache
def weights(order, nV):
    """Skinning weights (vertices, bones); helpers without any go with the head or the trunk."""
    _, W = load_rig()
    bi = {n: i for i, n in enumerate(order)}
    V = base()["V"]
    J = joints(base(), V)
    R, C, D = [], [], []
    for n, lst in W.items():
        if n in bi:
            for v, w in lst:
                R.append(v)
                C.append(bi[n])
                D.append(w)
    Wm = sp.csr_matrix((D, (R, C)), (nV, len(bi)))
    miss = np.where(np.asarray(Wm.sum(1)).ravel() < 1e-6)[0]
    Wm = Wm.tolil()
    for v in miss:
        Wm[v, bi["head"] if V[v, 1] > J["neck"][1] else bi.get("root", 0)] = 1
    Wm = Wm.tocsr()
    s = np.asarray(Wm.sum(1)).ravel()
    return (sp.diags(1 / s) @ Wm).tocsr()


class Person:
    def __init__(self, macro, local=(), ymin_frac=0.45, fu_scale=1.0):
        b = base()
        nV = len(b["V"])
        V = b["V"].copy()
        for t, w in macro:
            V += w * load_target(MAC % t, nV)
        for t, w in local:
            V += w * load_target(f"mpfb2/targets/{t}.target.gz", nV)
        V *= 0.1
        self.J = joints(b, V)
        J0 = joints(b, b["V"] * 0.1)
        self.V0 = V

        def ed(J):
            return np.linalg.norm(J["l-eye"] - J["r-eye"])

        self.face_scale = ed(self.J) / ed(J0)
        # --- face units; scaled to this face

        self.fu = {}
        for p in sorted((DATA / "faceunits01/targets/faceunits").glob("*.target")):
            n = p.stem
            self.fu[n] = load_target(FU % n, nV)[used_vertices()] * 0.1 * fu_scale
        # --- bones
        rig, _ = load_rig()
        names = list(rig)
        self.bones = {}
        for n in names:
            h = rig[n]["head"]
            pos = self._strategy(h, V)
            self.bones[n] = (rig[n]["parent"] or None, pos)
        self.order = []
        seen = set()

        def visit(n):
            if n in seen or n is None:
                return
            visit(self.bones[n][0] if self.bones[n][0] in self.bones else None)
            seen.add(n)
            self.order.append(n)

        for n in names:
            visit(n)
        bi = {n: i for i, n in enumerate(self.order)}
        self.bi = bi
        self.used = used_vertices()
        self.W = weights(tuple(self.order), nV)[self.used]
        self.parts = head_parts()
        # --- eyes: sphere from helper eye
        self.eyes = {}
        for s_ in "lr":
            idx = sorted({v for f in b["groups"][f"helper-{s_}-eye"] for v in b["F"][f]})
            P = V[idx]
            A = np.c_[2 * P, np.ones(len(P))]
            sol = np.linalg.lstsq(A, (P**2).sum(1), rcond=None)[0]
            c = sol[:3]
            r = np.sqrt(sol[3] + c @ c)
            self.eyes[s_] = (c, r)

    def _strategy(self, h, V):
        if h["strategy"] == "CUBE":
            return self.J[h["cube_name"][6:]]
        if h["strategy"] == "VERTEX":
            return V[h["vertex_index"]]
        if h["strategy"] == "MEAN":
            return V[h["vertex_indices"]].mean(0)
        d = np.array(h["default_position"])
        return np.array([d[0], d[2], -d[1]])

    def pose(self, rots, expr):
        """rots: bone -> 3x3 rotation applied in rest (world-aligned) axes, parent first."""
        V = self.V0[self.used]
        for k, w in expr.items():
            if abs(w) > 1e-4:
                V += w * self.fu[k]
        G = {}
        Mats = np.zeros((len(self.order), 3, 4))
        for i, n in enumerate(self.order):
            par, p = self.bones[n]
            Rl = rots.get(n)
            PR, Pt = G[par] if par in G else (np.eye(3), np.zeros(3))
            if Rl is None:
                R, t = PR, Pt
            else:
                R = PR @ Rl
                t = PR @ (p - Rl @ p) + Pt
            G[n] = (R, t)
            Mats[i, :, :3] = R
            Mats[i, :, 3] = t
        B = (self.W @ Mats.reshape(len(self.order), 12)).reshape(-1, 3, 4)
        Vp = self.V0.copy()
        Vp[self.used] = np.einsum("nij,nj->ni", B[:, :, :3], V) + B[:, :, 3]
        return Vp, G
