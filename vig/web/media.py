"""Films, stills and curves for the screens, each asked of the app by whoever is signed in.

Nothing here has a validator (ETag, Last-Modified) and the gate adds ``no-store``: with them a
browser writes the film to its disk cache in plaintext (measured: 121 of 130 probes found).
"""

from __future__ import annotations

import json
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO, cast

import anyio
import numpy as np
from numpy.typing import NDArray
from starlette.concurrency import iterate_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from vig.app import lanes, playback, strips, walk
from vig.app.workspace import Workspace
from vig.domain.clock import SECOND, SpanSet
from vig.domain.family import Purpose
from vig.errors import BadValue, VaultLocked, VigError
from vig.web.porch import Porch, refusal
from vig.web.ranges import Part, part_of
from vig.web.sessions import COOKIE

CHUNK = 2**18
"""Bytes a step: one sealed segment."""

STILLS = 64
"""Cards' pictures held in memory at most, some 10 kB each."""

OCTETS = "application/octet-stream"


def routes(porch: Porch) -> list[Route]:
    """All routes that carry film, pictures or curves."""
    media = Media(porch)
    porch.at_lock.append(media.forget)
    return [
        Route("/api/film/{recording}", media.film, methods=["GET", "HEAD"]),
        Route("/api/times/{recording}", media.times),
        Route("/api/lanes/{recording}", media.lanes),
        Route("/api/sound/{recording}", media.sound),
        Route("/api/strip/{recording}", media.strip),
        Route("/api/strip/{recording}/sheet", media.sheet),
        Route("/api/still/{recording}/{at:int}", media.still),
        Route("/api/thumb/{recording}", media.thumb),
    ]


class Media:
    """The handlers, around one porch."""

    def __init__(self, porch: Porch) -> None:
        self._porch = porch
        # Each still starts a decoder; two at a time leave the machine usable.
        self._decoders = anyio.Semaphore(2)
        # What lies along a film takes longer to make; stills need not wait for it.
        self._along = anyio.Semaphore(1)
        self._stills: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    async def film(self, request: Request) -> Response:
        """The browser copy, by range, unsealed on the way out and nowhere kept."""
        try:
            purpose = _purpose(request.query_params.get("for"))
            workspace, actor = self._asked(request)
            reader = await anyio.to_thread.run_sync(
                lambda: workspace.open(
                    request.path_params["recording"], purpose, "copy", actor=actor
                )
            )
        except VigError as error:
            return refusal(error)
        size: int = reader.size
        part = part_of(request.headers.get("range"), size)
        if part is None:
            reader.close()
            return Response(status_code=416, headers={"content-range": f"bytes */{size}"})
        headers = {"accept-ranges": "bytes", "content-length": str(part.length)}
        if not part.whole:
            headers["content-range"] = f"bytes {part.first}-{part.last}/{size}"
        status = 200 if part.whole else 206
        if request.method == "HEAD":
            reader.close()
            return Response(status_code=status, headers=headers, media_type="video/mp4")
        token, recording = request.cookies.get(COOKIE), request.path_params["recording"]

        def welcome() -> bool:
            """Asked before every segment: signed in, allowed, and the family still agrees."""
            session = self._porch.with_token(token)
            return session is not None and workspace.still_open(recording, purpose, session.actor)

        body = iterate_in_threadpool(_bytes_of(cast("BinaryIO", reader), part, welcome))
        return StreamingResponse(body, status, headers, media_type="video/mp4")

    async def times(self, request: Request) -> Response:
        """When each frame starts, then when the last one ends: float64 seconds, little-endian."""

        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            workspace.check(recording, Purpose.KEEP, actor)
            times = walk.frame_times(workspace, recording)
            return (np.append(times.starts, times.end) / SECOND).astype("<f8").tobytes()

        return await self._answer(request, read, OCTETS)

    async def lanes(self, request: Request) -> Response:
        """The lanes of the timeline, as :func:`packed` lays them out.

        Spans come flat: where each begins and ends, in seconds.
        """

        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            workspace.check(recording, Purpose.KEEP, actor)
            found = lanes.lanes(workspace, recording)
            spans = {name: _flat(some) for name, some in found.spans.items()}
            return packed(found.step / SECOND, {**spans, **found.heights})

        return await self._answer(request, read, OCTETS)

    async def sound(self, request: Request) -> Response:
        """The outline of the sound: seconds a step as float32, then one byte a step.

        Nothing but the first four bytes for a film without sound; little-endian.
        """

        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            made = strips.outline(workspace, recording, actor=actor)
            return struct.pack("<f", strips.STEP / SECOND) + made

        async with self._along:
            return await self._answer(request, read, OCTETS)

    async def strip(self, request: Request) -> Response:
        """Small pictures along the film, as JSON.

        ``{"at": [microseconds, ...], "width", "height": pixels of one picture, "across": pictures
        in a row, "sheet": the address of the JPEG that holds them row by row}``.
        """

        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            made = strips.strip(workspace, recording, actor=actor)
            about = {"at": made.at, "width": made.width, "height": made.height}
            sheet = f"/api/strip/{recording}/sheet"
            return json.dumps({**about, "across": made.across, "sheet": sheet}).encode()

        async with self._along:
            return await self._answer(request, read, "application/json")

    async def sheet(self, request: Request) -> Response:
        """The JPEG of the pictures along the film."""

        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            return strips.strip(workspace, recording, actor=actor).sheet

        async with self._along:
            return await self._answer(request, read, "image/jpeg")

    async def still(self, request: Request) -> Response:
        """The frame shown at a time, small: for a card, not for keeping.

        The last few are held in memory while somebody is signed in; each is asked for all the same.
        """
        at = int(request.path_params["at"])

        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            workspace.check(recording, Purpose.KEEP, actor)
            known = self._stills.get((recording, at))
            return known or playback.still(workspace, recording, at, actor=actor)

        async with self._decoders:
            answer = await self._answer(request, read, "image/jpeg")
        if answer.status_code == 200:
            self._stills[(request.path_params["recording"], at)] = bytes(answer.body)
            while len(self._stills) > STILLS:
                self._stills.popitem(last=False)
        return answer

    def forget(self) -> None:
        """Drop the stills in memory: the house is locked."""
        self._stills.clear()

    async def thumb(self, request: Request) -> Response:
        def read(workspace: Workspace, recording: str, actor: str) -> bytes:
            with workspace.open(recording, Purpose.KEEP, "thumb", actor=actor) as picture:
                return bytes(picture.readall())

        return await self._answer(request, read, "image/png")

    async def _answer(
        self, request: Request, read: Callable[[Workspace, str, str], bytes], kind: str
    ) -> Response:
        try:
            workspace, actor = self._asked(request)
            recording: str = request.path_params["recording"]
            content = await anyio.to_thread.run_sync(read, workspace, recording, actor)
        except VigError as error:
            return refusal(error)
        return Response(content, media_type=kind)

    def _asked(self, request: Request) -> tuple[Workspace, str]:
        session = self._porch.who(request)
        if session is None:
            raise VaultLocked
        return self._porch.house.workspace, session.actor


def packed(step: float, columns: Mapping[str, NDArray[np.float32]]) -> bytes:
    """Columns for ``player/lanes.js``.

    Four bytes little-endian: length of the header; the header, JSON padded with spaces to a
    multiple of 4: ``{"step": seconds, "columns": [[name, count], ...]}``; then each column as
    little-endian float32, NaN where nothing could be seen.
    """
    head = json.dumps({"step": step, "columns": [[k, int(v.size)] for k, v in columns.items()]})
    raw = head.encode()
    raw += b" " * (-len(raw) % 4)
    body = b"".join(np.asarray(column, "<f4").tobytes() for column in columns.values())
    return struct.pack("<I", len(raw)) + raw + body


def _flat(spans: SpanSet) -> NDArray[np.float32]:
    edges = [edge / SECOND for span in spans for edge in (span.start, span.end)]
    return np.array(edges, np.float32)


def _bytes_of(reader: BinaryIO, part: Part, welcome: Callable[[], bool]) -> Iterator[bytes]:
    """The bytes of the part, for as long as whoever asked is welcome to them."""
    left = part.length
    try:
        reader.seek(part.first)
        while left and welcome():
            piece = reader.read(min(CHUNK, left))
            if not piece:
                return
            left -= len(piece)
            yield piece
    finally:
        reader.close()


def _purpose(asked: str | None) -> Purpose:
    try:
        return Purpose(asked or Purpose.KEEP)
    except ValueError:
        raise BadValue(
            what="A film is opened for a purpose that families are asked about."
        ) from None
