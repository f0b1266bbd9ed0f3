"""A vault that opens at once, with films of scenes in words: for tests of what people do."""

from __future__ import annotations

import os
from dataclasses import asdict
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from vig.app import deeds, room
from vig.app.analysis import keep_answer
from vig.app.columns import times_to_bytes
from vig.app.workspace import Workspace
from vig.domain.clock import SECOND
from vig.domain.family import ConsentRuling, Purpose
from vig.domain.observation import Observations
from vig.domain.recording import Footage, FrameTimes, Recording
from vig.testing import scene
from vig.vault.keys import CHEAPEST, Passphrase, Slots

ANN, BEN = "guider", "cli"
"""Two who may act in a vault without accounts."""

FRAME = 40_000
STORY = """
    0 20   baby: away          parent: toy
    4 9    baby: parent        parent: baby smile
    5 7    baby: parent smile  parent: baby smile
    50 58  baby: parent        parent: baby
    51 53  baby: parent voice  parent: baby
    53 55  baby: parent        parent: baby voice
    20 50  baby: away          parent: away
    58 100 baby: away          parent: away
    100 106 baby: toy          parent: toy
    106 120 baby: away         parent: away
"""
"""Two minutes with something at 0:04 and at 0:50."""


def opened(root: Path) -> Workspace:
    """A new vault with the cheapest keys that tests may use."""
    os.environ["VIG_TEST_CHEAPEST_KDF"] = "1"
    root.mkdir()
    try:
        _, ring = Slots.create(root / "vault.json", Passphrase("for tests only"), kdf=CHEAPEST)
    finally:
        del os.environ["VIG_TEST_CHEAPEST_KDF"]
    return Workspace.from_ring(root, ring, new=True)


def again(ws: Workspace) -> Workspace:
    """The same vault as after a restart."""
    ws.catalogue.close()
    return Workspace.from_ring(ws.root, ws.ring)


def filmed(
    ws: Workspace,
    story: str | Observations | None = STORY,
    *,
    family: str = "F-014",
    frame: int = FRAME,
    seconds: int = 120,
    purposes: tuple[Purpose, ...] = (Purpose.KEEP, Purpose.ANALYSE),
) -> Recording:
    """A film of this story, watched; None for one that nobody watched."""
    seen = scene(story) if isinstance(story, str) else story
    duration = seen.grid.duration if seen else seconds * SECOND
    footage = Footage(
        duration=duration, width=1280, height=720, video_codec="h264", audio_codec="aac",
        rotation=0, mirrored=False, hdr=None, pixel_aspect=Fraction(1), container="mp4",
        frames=-(-duration // frame), sound_start=0,
    )  # fmt: skip
    known = ws.catalogue.family_called(family)
    with ws.catalogue.act("guider", "film.add") as act:
        household = known or act.add_family(family, age_weeks=20, carer_word="Mum")
        for purpose in purposes:
            act.rule(household.id, ConsentRuling(purpose, True, act.now))
        made = act.begin_recording(household.id, footage)
    starts = np.arange(0, duration, frame, dtype=np.int64)
    ws.put(made.id, "times", times_to_bytes(FrameTimes(starts, duration)))
    with ws.catalogue.act("guider", "import") as act:
        recording = act.finish_recording(made.id, sha256=os.urandom(32))
    if seen is not None:
        keep_answer(ws, recording, seen)
    return recording


def snapshot(ws: Workspace, recording: Recording, actor: str = ANN) -> dict[str, Any]:
    """Everything that people said about a film, without the versions and times of writing."""

    def plain(value: Any) -> dict[str, Any]:
        told = asdict(value)
        del told["version"]
        return told

    items = ws.catalogue.items
    return {
        "clips": {clip.id: plain(clip) for clip in ws.catalogue.clips(recording.id)},
        "plan": [clip.id for clip in ws.catalogue.plan(recording.id).clips],
        "notes": {note.id: plain(note) for note in ws.catalogue.annotations(recording.id)},
        "left": deeds.left(ws, recording.id),
        "question": room.question_of(ws, recording),
        "focus": items(recording.id, "focus"),
        "look first": items(recording.id, "look-first"),
        "people": items(recording.id, "people"),
        "cues": items(recording.family, "cues"),
        "words": items(recording.family, "words"),
        "keys": items(actor, "keys"),
    }
