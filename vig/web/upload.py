"""Films come in here, slice by slice, and are sealed as they arrive (a subset of tus).

    POST  /api/uploads                 {"size", "mark", "film"} -> 201 {"id", "offset"}
    GET   /api/uploads                 films of which a part is here, as {"waiting": [...]}
    HEAD  /api/uploads/ID                                       -> Upload-Offset
    PATCH /api/uploads/ID              Upload-Offset, a slice   -> 204 Upload-Offset, 409 elsewhere
    POST  /api/uploads/ID/finish       the agreement, or {}     -> 202, then
    GET   /api/uploads/ID              {"running", "share", "recording", "error", "advice"}
    DELETE /api/uploads/ID             stops and forgets it     -> 204

``film`` is the agreement, kept sealed with the upload; ``mark`` tells the file (``slices.mark_of``), so
that the same person who chooses it again goes on with it: after a cut line, a reload, a restart.
Whoever sends a slice while another is on its way takes its place (423 to that one): a line that died
unheard must not bar the way.

Never ``request.form()``: it spools plaintext to the temporary folder. At most one slice of
``SLICE`` bytes is held in memory; what was sealed survives a broken connection and a restart.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from typing import Any

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from vig.app import uploads, walk
from vig.app.uploads import Waiting
from vig.app.walk import Agreement
from vig.app.workspace import Workspace
from vig.domain.family import Purpose
from vig.domain.progress import Progress
from vig.errors import BadValue, Unknown, VaultLocked, VigError
from vig.web.errands import Errand
from vig.web.porch import Porch, from_our_script, refusal
from vig.web.sessions import COOKIE

SLICE = 8 * 2**20
"""Bytes sealed at a time: each slice is an object and a row of its own, so few and large is quick
(512 MiB: 12 MiB/s with slices of 1 MiB, 36 with these on a busy machine), and a broken line costs one at most."""

WORTH_SEALING = 2**20
"""Bytes of a torn slice from which they are kept: over a slow line they took a while to come."""

LONGEST_NOTE = 65_536
"""Bytes of JSON; an agreement is far shorter."""

Handler = Callable[[Request], Awaitable[Response]]


def routes(porch: Porch) -> list[Route]:
    films = Uploads(porch)
    one = "/api/uploads/{upload}"
    return [
        Route("/api/uploads", films.guarded(films.begin), methods=["POST"]),
        Route("/api/uploads", films.waiting, methods=["GET"]),
        Route(one, films.guarded(films.append), methods=["PATCH"]),
        Route(one, films.guarded(films.abandon), methods=["DELETE"]),
        Route(one, films.look, methods=["GET", "HEAD"]),
        Route(one + "/finish", films.guarded(films.finish), methods=["POST"]),
    ]


@dataclass(slots=True)
class _Sender:
    """A request that brings slices."""

    scope: anyio.CancelScope
    gone: anyio.Event


class Uploads:
    """The handlers, around one porch."""

    def __init__(self, porch: Porch) -> None:
        self._porch = porch
        self._senders: dict[str, _Sender] = {}
        self._errands: dict[str, Errand] = {}
        self._begun_by: dict[str, str] = {}

    def guarded(self, handler: Handler) -> Handler:
        """Only our own scripts may change anything, and errors become one sentence."""

        async def checked(request: Request) -> Response:
            if not from_our_script(request):
                return Response(status_code=403)
            token = request.cookies.get(COOKIE)
            if request.method == "PATCH":  # slices come without a person; the rest is their doing
                self._porch.sessions.show(token)
            else:
                self._porch.sessions.touch(token)
            try:
                return await handler(request)
            except VigError as error:
                return refusal(error)

        return checked

    async def begin(self, request: Request) -> Response:
        note = await _json(request)
        size, mark, film = note.get("size"), note.get("mark") or "", note.get("film")
        if type(size) is not int or size <= 0:
            raise BadValue(what="An empty file cannot be added.")
        if not isinstance(mark, str) or not (film is None or isinstance(film, dict)):
            raise BadValue(what="The page sent something that cannot be read.")
        if film is not None:
            _film_of(film)  # said now, not after hours of sending
        workspace, actor = self._workspace(request)

        def work() -> dict[str, Any]:
            upload = uploads.begin(workspace, size, actor, mark=mark, note=film)
            return {"id": upload, "offset": uploads.offset(workspace, upload)}

        return JSONResponse(await anyio.to_thread.run_sync(work), 201)

    async def waiting(self, request: Request) -> Response:
        """The films of which a part has arrived, for whoever may go on with them."""
        try:
            workspace, actor = self._workspace(request)
            found = await anyio.to_thread.run_sync(uploads.waiting, workspace, actor)
        except VigError as error:
            return refusal(error)
        return JSONResponse({"waiting": [as_note(one) for one in found if not self.busy(one.id)]})

    def busy(self, upload: str) -> bool:
        """Whether it is being sent or brought in at this moment."""
        errand = self._errands.get(upload)
        return upload in self._senders or (errand is not None and errand.running)

    async def append(self, request: Request) -> Response:
        upload: str = request.path_params["upload"]
        workspace, _ = await self._claimed(request)
        errand = self._errands.get(upload)
        if errand is not None and errand.running:
            return Response(status_code=423)
        while (before := self._senders.get(upload)) is not None:
            before.scope.cancel()
            await before.gone.wait()
        mine = self._senders[upload] = _Sender(anyio.CancelScope(), anyio.Event())
        try:
            with mine.scope:
                at = await anyio.to_thread.run_sync(uploads.offset, workspace, upload)
                if request.headers.get("upload-offset") != str(at):
                    return Response(status_code=409, headers={"upload-offset": str(at)})
                at, whole = await self._take(request, workspace, upload, at)
                headers = {"upload-offset": str(at)}
                return Response(status_code=204 if whole else 400, headers=headers)
            return Response(status_code=423)
        finally:
            del self._senders[upload]
            mine.gone.set()

    async def _take(
        self, request: Request, workspace: Workspace, upload: str, at: int
    ) -> tuple[int, bool]:
        """Seal what arrives; returns how much is safe and whether the slice came whole."""
        pending = bytearray()
        try:
            async for piece in request.stream():
                pending += piece
                while len(pending) >= SLICE:
                    chunk = bytes(pending[:SLICE])
                    del pending[:SLICE]
                    at = await anyio.to_thread.run_sync(
                        uploads.append, workspace, upload, at, chunk
                    )
        except ClientDisconnect:
            if len(pending) >= WORTH_SEALING:
                at = await anyio.to_thread.run_sync(
                    uploads.append, workspace, upload, at, bytes(pending)
                )
            return at, False
        if pending:
            at = await anyio.to_thread.run_sync(
                uploads.append, workspace, upload, at, bytes(pending)
            )
        return at, True

    async def look(self, request: Request) -> Response:
        """How far an upload is (HEAD), and its import (GET)."""
        upload: str = request.path_params["upload"]
        errand = self._errands.get(upload)
        try:
            workspace, _ = await self._claimed(request)
            if errand is not None:
                return JSONResponse(errand.as_json())
            at = await anyio.to_thread.run_sync(uploads.offset, workspace, upload)
        except VigError as error:
            return refusal(error)
        headers = {"upload-offset": str(at)}
        return JSONResponse({"running": False, "offset": at}, headers=headers)

    async def finish(self, request: Request) -> Response:
        upload: str = request.path_params["upload"]
        note = await _json(request)
        workspace, actor = await self._claimed(request)
        if upload in self._errands and self._errands[upload].running:
            return Response(status_code=202)
        kept = await anyio.to_thread.run_sync(uploads.note_of, workspace, upload)  # or Unknown
        asked = _film_of({**(kept or {}), **note})

        def work(progress: Progress) -> str:
            with workspace.at_work_on():
                made = uploads.finish(workspace, upload, **asked, actor=actor, progress=progress)
                # Here and not on the page, which may have been left while the film came in.
                if Purpose.ANALYSE in asked["agreement"].purposes:
                    walk.analyse(workspace, made.id, actor=actor)
                return made.id

        self._errands[upload] = Errand.start(work)
        self._begun_by[upload] = actor
        return Response(status_code=202)

    async def abandon(self, request: Request) -> Response:
        upload: str = request.path_params["upload"]
        workspace, _ = await self._claimed(request)
        errand = self._errands.pop(upload, None)
        if errand is not None:
            errand.stop()
            await anyio.to_thread.run_sync(errand.wait, 30.0)
        if errand is None or errand.result is None:
            # Unknown where its import had begun and already threw the slices away.
            with suppress(Unknown):
                await anyio.to_thread.run_sync(uploads.abandon, workspace, upload)
        return Response(status_code=204)

    async def _claimed(self, request: Request) -> tuple[Workspace, str]:
        """The vault and who asks, if this upload is theirs. Raises NotAllowed, Unknown."""
        workspace, actor = self._workspace(request)
        upload: str = request.path_params["upload"]
        by = self._begun_by.get(upload)
        await anyio.to_thread.run_sync(lambda: uploads.claim(workspace, upload, actor, by=by))
        return workspace, actor

    def _workspace(self, request: Request) -> tuple[Workspace, str]:
        session = self._porch.who(request)
        if session is None:
            raise VaultLocked
        return self._porch.house.workspace, session.actor


def as_note(one: Waiting) -> dict[str, Any]:
    """What the page is told of a film of which a part has arrived."""
    return {
        "id": one.id,
        "words": one.words,
        "size": one.size,
        "arrived": one.arrived,
        "mark": one.mark,
    }


async def _json(request: Request) -> dict[str, Any]:
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > LONGEST_NOTE:
            raise BadValue(what="That is too long.")
    try:
        note = json.loads(body)
    except ValueError:
        note = None
    if not isinstance(note, dict):
        raise BadValue(what="The page sent something that cannot be read.")
    return note


def _film_of(note: dict[str, Any]) -> dict[str, Any]:
    """The keyword arguments of ``uploads.finish`` out of what the page sent."""
    try:
        weeks = note.get("age_weeks")
        agreement = note["agreement"]
        return {
            "family": str(note["family"]).strip(),
            "name": str(note.get("name") or ""),
            "filmed_on": _day(note.get("filmed_on")),
            "age_weeks": int(weeks) if weeks is not None else None,
            "agreement": Agreement(
                agreed_by=str(agreement["agreed_by"]).strip() or None,
                agreed_on=_day(agreement.get("agreed_on")),
                purposes=frozenset(Purpose(word) for word in agreement["purposes"]),
                vouched=False,
            ),
        }
    except (KeyError, TypeError, ValueError):
        raise BadValue(what="The recorded agreement is not complete.") from None


def _day(words: object) -> date | None:
    return date.fromisoformat(str(words)) if words else None
