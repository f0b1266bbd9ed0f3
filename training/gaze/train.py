"""Train the gaze net on the CPU, tell what it reads on people it has not seen, and write it as ONNX.

    python train.py SAMPLES OUT.onnx --minutes 30 [--start CHECKPOINT.pt]

Needs PyTorch (CPU), onnx, numpy and OpenCV in an environment of its own; nothing of the tool. One
person in eight (seed divisible by 8) is never trained on. SAMPLES may still grow meanwhile.
"""

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from layout import KNOWN, MIRROR, STRIP
from torch import nn
from torch.nn import functional

HEIGHT, WIDTH = STRIP
HELD = 8  # one person in so many is never trained on


class GazeNet(nn.Module):
    """A strip and what the mesh says -> a correction of the mesh's reading, and its spread."""

    def __init__(self):
        super().__init__()

        def block(before, after, stride):
            conv = nn.Conv2d(before, after, 3, stride, 1, bias=False)
            return [conv, nn.BatchNorm2d(after), nn.ReLU()]

        sizes = [(1, 16, 2), (16, 32, 2), (32, 32, 1), (32, 64, 2), (64, 64, 1), (64, 64, 2)]
        blocks = [layer for each in sizes for layer in block(*each)]
        flat = [nn.Flatten(), nn.Dropout(0.3), nn.Linear(64 * 3 * 6, 96), nn.ReLU()]
        self.see = nn.Sequential(*blocks, *flat)
        self.know = nn.Sequential(nn.Linear(KNOWN, 48), nn.ReLU())
        last = nn.Linear(96, 4)
        self.join = nn.Sequential(nn.Linear(144, 96), nn.ReLU(), nn.Dropout(0.1), last)
        nn.init.zeros_(last.weight)
        nn.init.zeros_(last.bias)

    def forward(self, strip, known):
        """(n, 3, 48, 96) of 0 to 255 and (n, 19) -> unit vectors (n, 3) and Laplace scales (n,)."""
        grey = strip[:, :1] * 0.299 + strip[:, 1:2] * 0.587 + strip[:, 2:] * 0.114
        grey = grey - grey.mean((1, 2, 3), keepdim=True)
        grey = grey / ((grey * grey).mean((1, 2, 3), keepdim=True) + 25.0).sqrt()
        out = self.join(torch.cat([self.see(grey), self.know(known)], 1))
        # It starts from what the tool read before there was a net (gaze_of in vig/perception).
        head = torch.stack([-known[:, 2], -known[:, 5], -known[:, 8]], 1)
        off = torch.acos(known[:, 8:9].clamp(-1.0, 1.0)) * (180 / torch.pi)
        say = 0.5 * ((50.0 - off) / 30.0).clamp(0.0, 1.0)
        read = say * known[:, 9:12] + (1 - say) * known[:, 12:15]
        was = known[:, 18:19]
        start = was * functional.normalize(read, dim=1, eps=1e-6) + (1 - was) * head
        gaze = functional.normalize(start + out[:, :3], dim=1)
        return gaze, functional.softplus(out[:, 3] - 1.5) + 0.02


class Shipped(nn.Module):
    """The net as the tool calls it: pictures as bytes, and one standard deviation in radians."""

    def __init__(self, net, factor):
        super().__init__()
        self.net, self.factor = net, factor

    def forward(self, strip, known):
        gaze, scale = self.net(strip.permute(0, 3, 1, 2).float(), known)
        return gaze, scale * self.factor


def load(folder):
    """Strips (n, 64, 128, 3) and what is told of them (n, 19 + ...) of every person so far."""
    files = [np.load(f) for f in sorted(Path(folder).glob("id_?????.npz"))]
    files = [f for f in files if len(f["strip"])]
    strips, told = (np.concatenate([f[key] for f in files]) for key in ("strip", "told"))
    fine = np.isfinite(told).all(1) & (np.linalg.norm(told[:, 19:22], axis=1) > 0.5)
    return strips[fine], told[fine]


def shaken(rng, strips):
    """Strips as if the mesh had lain a little differently, in other light, through another lens."""
    out = np.empty((len(strips), HEIGHT, WIDTH, 3), np.float32)
    for i, strip in enumerate(strips):
        factor, angle = WIDTH / strip.shape[1] * np.exp(rng.normal(0, 0.05)), rng.normal(0, 0.035)
        cos, sin = factor * np.cos(angle), factor * np.sin(angle)
        there = np.diag(np.exp(rng.normal(0, 0.05, 2))) @ [[cos, -sin, 0], [sin, cos, 0]]
        middle = np.array([WIDTH, HEIGHT]) / 2 + rng.normal(0, 1.6, 2)
        there[:, 2] = middle - there[:, :2] @ np.array(strip.shape[1::-1]) / 2
        out[i] = cv2.warpAffine(strip, there, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
        if rng.random() < 0.25:
            out[i] = cv2.GaussianBlur(out[i], (0, 0), rng.uniform(0.3, 1.6))
        shade = cv2.resize(
            rng.normal(0, 0.22, (2, 3)), (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC
        )
        out[i] = 255 * (out[i] / 255) ** np.exp(rng.normal(0, 0.25)) * np.exp(shade)[..., None]
    n, mean = len(out), out.mean((1, 2), keepdims=True)
    out = (out - mean) * np.exp(rng.normal(0, 0.25, (n, 1, 1, 1)))
    out += mean * np.exp(rng.normal(0, 0.1, (n, 1, 1, 3))) + rng.normal(0, 18, (n, 1, 1, 1))
    out += rng.normal(0, 1, out.shape) * rng.uniform(0, 6, (n, 1, 1, 1))
    return np.clip(out, 0, 255)


def batch(rng, strips, told):
    """One batch as tensors: shaken, half of it mirrored, a third without the mesh's readings."""
    picture, known = shaken(rng, strips), told[:, :KNOWN].copy()
    gaze = told[:, 19:22] / np.linalg.norm(told[:, 19:22], axis=1, keepdims=True)
    flip = rng.random(len(known)) < 0.5
    picture[flip] = picture[flip, :, ::-1]
    known[flip] *= MIRROR
    gaze[flip, 0] *= -1
    known[:, :9] += rng.normal(0, 0.02, (len(known), 9))
    known[:, 9:15] += rng.normal(0, 0.04, (len(known), 6)) * known[:, 18:]
    blind = rng.random(len(known)) < 0.3
    known[blind, 9:17] = 0
    known[blind, 18] = 0
    tensors = (picture.transpose(0, 3, 1, 2), known, gaze)
    return [torch.from_numpy(np.ascontiguousarray(t, np.float32)) for t in tensors]


def told_by(net, strips, told):
    """What a net says of samples as they are: unit vectors (n, 3) and scales (n,)."""
    net.eval()
    said = []
    with torch.no_grad():
        for i in range(0, len(strips), 256):
            small = [
                cv2.resize(s, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
                for s in strips[i : i + 256]
            ]
            picture = torch.from_numpy(np.stack(small).transpose(0, 3, 1, 2)).float()
            said.append(net(picture, torch.from_numpy(told[i : i + 256, :KNOWN])))
    return [torch.cat(part).numpy() for part in zip(*said, strict=True)]


def read_before(told):
    """The gaze that the tool read before there was a net: see gaze_of in vig/perception/pose.py."""
    off = np.degrees(np.arccos(np.clip(told[:, 8:9], -1, 1)))
    say = 0.5 * np.clip((50 - off) / 30, 0, 1)
    return say * told[:, 9:12] + (1 - say) * told[:, 12:15]


def degrees(a, b):
    cosine = (a * b).sum(1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def trained(folder, out, minutes, start=None, rate=1.5e-3):
    """Train for so many minutes; the average of the last steps' weights is returned, and kept in
    ``out`` after each round."""
    rng = np.random.default_rng(0)
    net, average, steps = GazeNet(), GazeNet(), 0
    if start:
        net.load_state_dict(torch.load(start, weights_only=True))
    descent = torch.optim.AdamW(net.parameters(), rate, weight_decay=0.05)
    begun = time.time()
    while (gone := (time.time() - begun) / 60 / minutes) < 1:
        strips, told = load(folder)
        order = rng.permutation(np.flatnonzero(told[:, 26].astype(int) % HELD))
        net.train()
        for i in range(0, len(order) - 63, 64):
            gone = min(1.0, (time.time() - begun) / 60 / minutes)
            for group in descent.param_groups:
                group["lr"] = rate * (min(1.0, 2 * (1 - gone)) * 0.98 + 0.02)
            picture, known, gaze = batch(rng, strips[order[i : i + 64]], told[order[i : i + 64]])
            said, scale = net(picture, known)
            error = (said - gaze).norm(dim=1).clamp_min(1e-4)
            loss = (error / scale + 2 * scale.log()).mean()  # a Laplace law on the sphere's tangent
            descent.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            descent.step()
            steps += 1
            with torch.no_grad():
                for own, new in zip(
                    average.state_dict().values(), net.state_dict().values(), strict=True
                ):
                    if own.is_floating_point():
                        own.lerp_(new, max(0.008, 3.0 / (steps + 3)))
        torch.save(average.state_dict(), out)
        print(f"{60 * minutes * gone:.0f} s", report(average, *load(folder))[0], flush=True)
    return average


def report(net, strips, told):
    """In words how it does on people held out, and the factor from its scale to a spread.

    The spread is one standard deviation as the tool counts it: two thirds of the errors are within.
    """
    held = (told[:, 26].astype(int) % HELD == 0) & (told[:, 15] > 0.5) & (told[:, 17] > -0.47)
    strips, told = strips[held], told[held]
    gaze, scale = told_by(net, strips, told)
    error, truth = degrees(gaze, told[:, 19:22]), told[:, 19:22]
    before = degrees(read_before(told), truth)
    factor = float(np.quantile(np.radians(error) / scale, 0.68))
    medians = [np.median(e) for e in (error, before, degrees(-told[:, [2, 5, 8]], truth))]
    words = "held out {}: net {:.1f}, mesh's readings {:.1f}, head {:.1f} degrees (medians)"
    return words.format(len(told), *medians), factor


def conditions(told):
    """Names of the conditions of the model card and which samples are in each."""
    off = np.degrees(np.arccos(np.clip(told[:, 8], -1, 1)))
    width, yaw, pitch, age, tone, glasses = told[:, [25, 28, 29, 30, 31, 32]].T
    readable = (told[:, 15] > 0.5) & (told[:, 17] > np.log(25 / 40)) & (off < 55)
    down = (told[:, 23] > 0.1) & (pitch > 5)
    return {
        "all": told[:, 18] > 0,
        "where the tool reads eyes": readable,
        "and a baby or toddler": readable & (age < 0.75),
        "and grown up": readable & (age > 1.8),
        "and skin in the lighter half": readable & (tone < 3),
        "and skin in the darker half": readable & (tone >= 3),
        "and spectacles": readable & (glasses > 0),
        "and a face of 36 to 80 pixels": readable & (width < 80),
        "and a face of more than 80 pixels": readable & (width >= 80),
        "and the head turned 0 to 25 degrees": readable & (off < 25),
        "and the head turned 25 to 55 degrees": readable & (off >= 25),
        "and eyes more than 20 degrees off the head": readable & (np.hypot(yaw, pitch) > 20),
        "and a baby who faces down and looks up": readable & down & (age < 0.75),
        "the tool reads the head only": (told[:, 18] > 0) & ~readable,
    }


def table(net, factor, strips, told):
    """Medians of the error in degrees by condition, on people held out, as Markdown."""
    held = (told[:, 26].astype(int) % HELD == 0) & (told[:, 18] > 0)
    strips, told = strips[held], told[held]
    truth = told[:, 19:22]
    gaze, scale = told_by(net, strips, told)
    error, spread = degrees(gaze, truth), np.degrees(scale * factor)
    before = degrees(read_before(told), truth)
    head = degrees(-told[:, [2, 5, 8]], truth)
    rows = ["| condition | n | net | mesh's readings | head | within 1 spread |", "|---" * 6 + "|"]
    for name, chosen in conditions(told).items():
        if chosen.sum() < 10:
            continue
        medians = " | ".join(f"{np.median(e[chosen]):.1f}" for e in (error, before, head))
        within = (error < spread)[chosen].mean()
        rows.append(f"| {name} | {chosen.sum()} | {medians} | {within:.0%} |")
    people = len(set(told[:, 26]))
    return "\n".join([f"{people} people, {len(told)} samples", *rows])


def main():
    asked = argparse.ArgumentParser(description="Train the gaze net.")
    asked.add_argument("samples")
    asked.add_argument("out", type=Path)
    asked.add_argument("--minutes", type=float, default=30)
    asked.add_argument("--start")
    told = asked.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    kept = told.out.with_suffix(".pt")
    if told.minutes:
        net = trained(told.samples, kept, told.minutes, told.start)
    else:
        net = GazeNet()
        net.load_state_dict(torch.load(told.start, weights_only=True))
    words, factor = report(net, *load(told.samples))
    print(words)
    print(table(net, factor, *load(told.samples)))
    export(net, factor, told.out)


def export(net, factor, out):
    """Write the net as ONNX (opset 17), for any number of faces at once."""
    whole = Shipped(net.eval(), factor).eval()
    example = (torch.zeros(1, HEIGHT, WIDTH, 3, dtype=torch.uint8), torch.zeros(1, KNOWN))
    torch.onnx.export(
        whole,
        example,
        str(out),
        input_names=["strip", "known"],
        output_names=["gaze", "spread"],
        dynamic_axes={name: {0: "n"} for name in ("strip", "known", "gaze", "spread")},
        opset_version=17,
        dynamo=False,
    )


if __name__ == "__main__":
    main()
