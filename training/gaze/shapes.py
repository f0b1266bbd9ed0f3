"""Matrices of cameras, and a few closed shapes as (points, normals, triangles)."""

import numpy as np


def persp(fy, asp, n, f):
    m = np.zeros((4, 4))
    t = 1 / np.tan(fy / 2)
    m[0, 0] = t / asp
    m[1, 1] = t
    m[2, 2] = (f + n) / (n - f)
    m[2, 3] = 2 * f * n / (n - f)
    m[3, 2] = -1
    return m


def lookat(eye, at, up=(0, 1, 0)):
    z = np.asarray(eye, float) - at
    z /= np.linalg.norm(z)
    x = np.cross(up, z)
    x /= np.linalg.norm(x)
    y = np.cross(z, x)
    m = np.eye(4)
    m[0, :3] = x
    m[1, :3] = y
    m[2, :3] = z
    m[:3, 3] = -m[:3, :3] @ eye
    return m


def ortho(w, h, n, f):
    m = np.eye(4)
    m[0, 0] = 1 / w
    m[1, 1] = 1 / h
    m[2, 2] = -2 / (f - n)
    m[2, 3] = -(f + n) / (f - n)
    return m


def sphere(nu=24, nv=36):
    u, v = np.meshgrid(np.linspace(0, np.pi, nu), np.linspace(0, 2 * np.pi, nv), indexing="ij")
    d = np.stack([np.sin(u) * np.cos(v), np.cos(u), np.sin(u) * np.sin(v)], -1).reshape(-1, 3)
    I = []
    for i in range(nu - 1):
        for j in range(nv - 1):
            a = i * nv + j
            I += [[a, a + 1, a + nv], [a + 1, a + nv + 1, a + nv]]
    return d, d.copy(), np.array(I)


def torus(R, r, nu=40, nv=16):
    u, v = np.meshgrid(np.linspace(0, 2 * np.pi, nu), np.linspace(0, 2 * np.pi, nv), indexing="ij")
    n = np.stack([np.cos(v) * np.cos(u), np.sin(v), np.cos(v) * np.sin(u)], -1).reshape(-1, 3)
    P = np.stack([R * np.cos(u), 0 * u, R * np.sin(u)], -1).reshape(-1, 3) + r * n
    I = []
    for i in range(nu - 1):
        for j in range(nv - 1):
            a = i * nv + j
            I += [[a, a + nv, a + 1], [a + 1, a + nv, a + nv + 1]]
    return P, n, np.array(I)
