"""Visit mode: this browser reaches one family from here on; leaving it takes the passphrase again.

The bound lives in the session on the server, as part of who asks. A new token replaces the old one
at both ends, so that pages, sockets and streams from before are closed.
"""

from __future__ import annotations

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vig.app import visits
from vig.app.policy import Visitor
from vig.errors import VigError, WrongSignIn
from vig.web import sheets, steps
from vig.web.forms import Fields, form
from vig.web.porch import Porch, status_of
from vig.web.sessions import COOKIE, Session

PAGE = "/account/visit"
END = "/account/visit/end"

OPEN_ON_VISIT = frozenset(
    {PAGE, END, "/account/here", "/account/lock", "/account/sign-out", "/account/sign-in"}
)
"""The pages under ``/account`` that a visit leaves open."""


def routes(porch: Porch) -> list[Route]:
    visit = Visit(porch)
    return [
        Route(PAGE, visit.choose),
        Route(PAGE, form(visit.begin), methods=["POST"]),
        Route(END, visit.leave),
        Route(END, form(visit.end), methods=["POST"]),
    ]


class Visit:
    """The handlers, around one porch."""

    def __init__(self, porch: Porch) -> None:
        self._porch = porch

    async def choose(self, request: Request) -> Response:
        """Which family: only those that may be visited."""
        session = self._porch.who(request)
        if session is None:
            return RedirectResponse("/account/sign-in", 303)
        if isinstance(session.actor, Visitor):
            return RedirectResponse(END, 303)
        return await anyio.to_thread.run_sync(self._choices, session, None, 200)

    def _choices(self, session: Session, problem: VigError | None, status: int) -> Response:
        families = visits.choices(self._porch.house.workspace, session.actor)
        rows = "".join(
            sheets.fill("visit-row", id=one.id, pseudonym=sheets.text(one.pseudonym))
            for one in families
        )
        listed = f'<ul class="rows">{rows}</ul>' if rows else sheets.fill("visit-none")
        notice = sheets.notice(problem)
        return sheets.page("visit", "Go on a visit", status=status, notice=notice, rows=listed)

    async def begin(self, request: Request, fields: Fields) -> Response:
        session = self._porch.who(request)
        if session is None:
            return RedirectResponse("/account/sign-in", 303)

        def bound() -> Visitor:
            ws = self._porch.house.workspace
            return visits.begin(ws, fields.get("family", ""), actor=session.actor)

        try:
            visitor = await anyio.to_thread.run_sync(bound)
        except VigError as error:
            return await anyio.to_thread.run_sync(self._choices, session, error, status_of(error))
        self._porch.sessions.end(request.cookies.get(COOKIE))
        token = self._porch.sessions.begin(visitor, where=session.where)
        begun = self._porch.sessions.find(token)
        assert begun is not None
        begun.passed = session.passed
        answer = RedirectResponse("/", 303)
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    async def leave(self, request: Request) -> Response:
        session = self._porch.who(request)
        if session is None:
            return RedirectResponse("/account/sign-in", 303)
        if not isinstance(session.actor, Visitor):
            return RedirectResponse("/", 303)
        return _leave_page(None)

    async def end(self, request: Request, fields: Fields) -> Response:
        """Each try costs one key derivation and waits its turn, as at the door."""
        session = self._porch.who(request)
        if session is None or not isinstance(session.actor, Visitor):
            return RedirectResponse("/account/sign-in", 303)
        visitor, secret = session.actor, fields.get("secret", "").strip()
        async with self._porch.one_at_a_time:
            wait = self._porch.throttle.wait(visitor)
            if wait > 0:
                return _leave_page(steps.too_many(wait), 429)
            try:
                account = await anyio.to_thread.run_sync(
                    lambda: visits.end(self._porch.house.workspace, secret, actor=visitor)
                )
            except VigError as error:
                self._porch.throttle.missed(visitor)
                # No name is asked here, so none is spoken of.
                wrong = isinstance(error, WrongSignIn)
                words = "This is not your passphrase." if wrong else error
                return _leave_page(words, status_of(error))
            self._porch.throttle.hit(visitor)
        return await steps.arrived(self._porch, request, account, passed=session.passed, sure=True)


def _leave_page(problem: VigError | str | None, status: int = 200) -> Response:
    return sheets.page(
        "visit-end",
        "End the visit",
        status=status,
        notice=sheets.notice(problem),
        described=' aria-describedby="notice" aria-invalid="true"' if problem else "",
    )
