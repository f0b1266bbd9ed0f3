"""Draws one head with OpenGL 3.3 (moderngl over EGL; Mesa's llvmpipe will do, no GPU)."""

import cv2
import moderngl
import numpy as np
from mpfb import DATA
from shaders import FS, HFS, HVS, SFS, SVS, VS
from shapes import lookat, ortho, persp, sphere


class Renderer:
    """A square picture of `size` pixels; keep one for all heads."""

    def __init__(self, size):
        self.W = self.H = W = H = size
        self.ctx = ctx = moderngl.create_standalone_context(backend="egl")
        ctx.gc_mode = "auto"
        self.progs = {
            k: ctx.program(vertex_shader=VS, fragment_shader=FS.replace("@K@", str(k)))
            for k in range(8)
        }
        self.hprog = ctx.program(vertex_shader=HVS, fragment_shader=HFS)
        self.sprog = ctx.program(vertex_shader=SVS, fragment_shader=SFS)
        self.tex = ctx.texture((W, H), 4, dtype="f2")
        self.fbo = ctx.framebuffer([self.tex], ctx.depth_renderbuffer((W, H)))
        self.tex2 = ctx.texture((W, H), 4, dtype="f2")
        self.fbo2 = ctx.framebuffer([self.tex2], ctx.depth_renderbuffer((W, H)))
        self.SS = 768
        self.sd = ctx.depth_texture((self.SS, self.SS))
        self.sd.compare_func = ""
        self.sfb = ctx.framebuffer([], self.sd)
        m = [
            cv2.imread(f"{DATA}/mpfb2/textures/mpfb_{k}.jpg", 0)
            for k in ("lips", "eyelids", "inside-mouth")
        ]
        m = [cv2.GaussianBlur(i, (0, 0), 1.5) for i in m]
        im = np.ascontiguousarray(np.dstack(m)[::-1])
        self.mask = ctx.texture(im.shape[1::-1], 3, im.tobytes())
        self.mask.build_mipmaps()
        self.sph = sphere()
        self.props = []
        self.eyebuf = None

    def u(self, prog, **k):
        for n, v in k.items():
            if n in prog:
                if np.ndim(v) == 2:
                    prog[n].write(np.asarray(v).T.astype("f4").tobytes())
                elif np.ndim(v) == 1:
                    prog[n].value = tuple(float(x) for x in v)
                else:
                    prog[n].value = v

    def mesh(self, P, N, I, kind=6, **mat):
        P = np.asarray(P)
        st = np.hstack([P * 10, P[:, :2], np.ones((len(P), 1))])
        vp = self.ctx.buffer(P.astype("f4").tobytes())
        vn = self.ctx.buffer(np.asarray(N).astype("f4").tobytes())
        s = self.ctx.buffer(st.astype("f4").tobytes())
        ib = self.ctx.buffer(np.asarray(I).astype("i4").tobytes())
        d = {
            "vao": self.ctx.vertex_array(
                self.progs[kind],
                [(vp, "3f", "p"), (vn, "3f", "n"), (s, "3f 2f 1f", "rest", "uv", "ao")],
                ib,
                skip_errors=True,
            ),
            "svao": self.ctx.vertex_array(self.sprog, [(vp, "3f", "p")], ib),
            "M": np.eye(4),
            "kind": kind,
            "colA": (0.5, 0.5, 0.5),
            "colB": (0.02, 12.0, 0.0),
            "shadow": True,
            "vis": True,
        }
        d.update(mat)
        return d

    def draw(self, actors, view, fovy, light):
        ctx = self.ctx
        I4 = np.eye(4)
        Pm = persp(fovy, self.W / self.H, 0.1, 20)
        VP = Pm @ view
        cam = -view[:3, :3].T @ view[:3, 3]
        L = np.array(light["dir"], float)
        L /= np.linalg.norm(L)
        c = np.array(light.get("center", (0, 0.95, 0)))
        SVP = ortho(0.85, 0.75, 0.1, 5) @ lookat(c + L * 2.5, c, (0, 1, 0.01))
        ctx.enable(moderngl.DEPTH_TEST)
        ctx.disable(moderngl.CULL_FACE)
        self.sfb.use()
        self.sfb.clear(depth=1.0)
        self.u(self.sprog, SVP=SVP, M=I4)
        for a in actors:
            for nm in ("skin", "shirt"):
                a.buf[nm]["svao"].render()
        for d in self.props:
            if d["shadow"] and d["vis"]:
                self.u(self.sprog, M=d["M"])
                d["svao"].render()
        self.fbo.use()
        self.fbo.clear(0, 0, 0, 0)
        self.mask.use(0)
        self.sd.use(1)
        rim = np.array(light.get("rimdir", (0, 0.4, -1)), float)
        rim /= np.linalg.norm(rim)
        com = {
            "VP": VP,
            "SVP": SVP,
            "cam": cam,
            "Ldir": L,
            "Lcol": light["col"],
            "sky": light["sky"],
            "gnd": light["gnd"],
            "rimdir": rim,
            "rimcol": light.get("rimcol", (0, 0, 0)),
        }
        for pr in self.progs.values():
            self.u(pr, mask=0, shadow=1, bg=2, M=I4, **com)
        self.u(self.hprog, **com)

        def U(k, **kw):
            return self.u(self.progs[k], **kw)

        for a in actors:
            lk = a.look
            U(
                0,
                tone=lk["tone"],
                lip=lk["lip"],
                baby=float(lk["baby"]),
                hairc=lk["hair"],
                hairline=lk["hairline"],
                scalp=lk["scalp"],
            )
            a.buf["skin"]["vao"].render()
            U(
                1,
                neckY=lk["neck_y"],
                colA=lk["shirt"],
                colB=(lk.get("stripe", 0.0), lk.get("stripe_k", 1.0), 0),
            )
            a.buf["shirt"]["vao"].render()
            if "uteeth" in a.buf:
                U(2, colA=(0.80, 0.76, 0.68))
                a.buf["uteeth"]["vao"].render()
            U(3, colA=(0.55, 0.20, 0.20))
            a.buf["tongue"]["vao"].render()
            U(4, colA=lk.get("lash", (0.03, 0.02, 0.015)))
            a.buf["lash"]["vao"].render()
            hp = self.hprog
            for nm, rb in a.rib.items():
                br = nm == "brow"
                self.u(
                    hp,
                    M=I4 if br else a.HW,
                    hairc=lk["brow"] if br else lk["hair"],
                    headC=a.hcW,
                    width=lk["brow_px"] if br else lk["hair_px"],
                    gloss=0.0 if br else lk["gloss"],
                )
                rb["vao"].render()
        for d in self.props:
            if d["vis"]:
                U(d["kind"], M=d["M"], colA=d["colA"], colB=d["colB"])
                d["vao"].render()
        self.VP = VP
        self.view = view

    def look(self, a):
        """The eyes of one head, drawn into a copy of what `draw` left: one head may look many ways."""
        self.ctx.copy_framebuffer(self.fbo2, self.fbo)
        self.fbo2.use()
        if self.eyebuf is None:
            self.eyebuf = self.mesh(*self.sph, kind=5)
        self.mask.use(0)
        self.sd.use(1)
        for s in "lr":
            M = np.eye(4)
            M[:3, :3] = a.eyes[s][1] * np.eye(3)
            M[:3, 3] = a.eyeW[s]
            self.u(
                self.progs[5],
                M=M,
                gaze=a.gz[s],
                eyeC=a.eyeW[s],
                eyeUp=a.HW[:3, 1],
                irisA=np.radians(a.look["iris_deg"]),
                irisC=a.look["iris"],
            )
            self.eyebuf["vao"].render()
        im = np.frombuffer(self.tex2.read(), "f2").reshape(self.H, self.W, 4)[::-1].astype("f4")
        return np.clip(np.nan_to_num(im), 0, 1.6)

    def project(self, X):
        c = np.c_[X, np.ones(len(X))] @ self.VP.T
        return np.c_[
            (c[:, 0] / c[:, 3] * 0.5 + 0.5) * self.W, (0.5 - c[:, 1] / c[:, 3] * 0.5) * self.H
        ]


def tonemap(x, exposure=1.0):
    x = np.maximum(x * exposure, 0)
    y = (x * (2.51 * x + 0.03)) / (x * (2.43 * x + 0.59) + 0.14)
    return np.clip(y, 0, 1) ** (1 / 2.2)
