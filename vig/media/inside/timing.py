"""When things are shown and heard: rationals become microseconds, and broken times are repaired.

Two repairs, at two places. Packets: a clock that jumps (a recording that went on after a break, two
transport streams joined) is set back to where it was, for picture and sound alike. Frames: where a
container holds no times of display at all (AVI, raw streams), the frames take the times at which
their packets were stored, in order; and times that stand still or fall are pushed on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Final

from av.packet import Packet
from av.video.frame import VideoFrame

from vig.media.inside.limits import MAX_HOURS, Refusal

MICROS: Final = 1_000_000
_BACK: Final = MICROS
_FORTH: Final = 10 * MICROS
"""A step back of a second, or ahead of ten (in a container that may jump), is another clock; the
second is the threshold of the ffmpeg program."""


_LONGEST_PAUSE: Final = 1800 * MICROS
"""No camera shows one frame for half an hour; an MP4 cannot hold one shown for 36 minutes."""


def micros(ticks: int, base: Fraction) -> int:
    """``ticks`` of ``base`` seconds in whole microseconds, rounded half up."""
    return (2 * ticks * base.numerator * MICROS + base.denominator) // (2 * base.denominator)


@dataclass(slots=True)
class Joints:
    """Takes the jumps out of packet times, the same jump by the same amount in every track."""

    may_skip_ahead: bool
    """Whether the container's clock may jump ahead too (transport and program streams)."""
    shifts: dict[int, int] = field(default_factory=dict)
    """What is added to each track's times, in microseconds."""
    last: dict[int, int] = field(default_factory=dict)

    def close(self, packet: Packet[Any]) -> None:
        """Repair the times of the next packet of its track."""
        base = packet.time_base
        if packet.dts is None or base is None or base <= 0:
            return
        track = packet.stream_index
        shift = self.shifts.setdefault(track, max(self.shifts.values(), key=abs, default=0))
        at = micros(packet.dts, base) + shift
        last = self.last.get(track, at)
        length = micros(packet.duration or 0, base)
        if at < last - _BACK or (self.may_skip_ahead and at > last + _FORTH):
            wanted = shift + last + length - at
            others = (s for t, s in self.shifts.items() if t != track and abs(s - wanted) < MICROS)
            shift = self.shifts[track] = next(others, wanted)
            at = micros(packet.dts, base) + shift
        self.last[track] = at
        if shift:
            ticks = round(Fraction(shift, MICROS) / base)
            if packet.pts is not None:
                packet.pts += ticks
            packet.dts += ticks


@dataclass(slots=True)
class Clock:
    """Gives each decoded frame its time since the first shown frame, rising from frame to frame."""

    base: Fraction
    nominal: int
    """How long a frame is shown where nothing better is known, in microseconds."""
    by_order: bool
    """Whether frames take the times of their packets in order, not their own."""
    origin: int | None = None
    """The first shown frame's time on the container's clock, in microseconds; None before it."""
    last: int | None = None
    _fed: int = 0
    _lead: int = 0
    _stored: deque[int | None] = field(default_factory=deque)

    def fed(self, packet: Packet[Any]) -> None:
        """This packet goes to the decoder next."""
        if not self.by_order or not packet.size:
            return
        at = None if packet.dts is None else micros(packet.dts, self.base)
        if self._fed == 1 and at is not None and self._stored and self._stored[0] is not None:
            # Writers leave a hole of the encoder's delay behind the first packet; nothing is
            # missing there.
            hole = at - self._stored[0] - self.nominal
            self._lead = hole if 0 < hole <= 10 * self.nominal else 0
        self._fed += 1
        self._stored.append(None if at is None else at - self._lead)

    def lost(self) -> None:
        """The packet fed last could not be decoded."""
        if self._stored:
            self._stored.pop()

    def time_of(self, frame: VideoFrame) -> int:
        """Microseconds since the first shown frame."""
        at = self._own_time(frame)
        if self.origin is None:
            self.origin = at or 0
        if at is not None:
            at -= self.origin
        elif self.last is None:
            at = 0
        else:
            at = self.last + self.nominal
        if self.last is not None and at <= self.last:
            # Half a frame on: within a frame of the truth, and the next good time still fits.
            at = self.last + max(1, self.nominal // 2)
        if at > MAX_HOURS * 3600 * MICROS:
            raise Refusal("hours", MAX_HOURS)
        if self.last is not None and at - self.last > _LONGEST_PAUSE:
            raise Refusal("times")
        self.last = at
        return at

    def _own_time(self, frame: VideoFrame) -> int | None:
        if self.by_order:
            return self._stored.popleft() if self._stored else None
        ticks = frame.pts if frame.pts is not None else frame.dts
        return None if ticks is None else micros(ticks, self.base)
