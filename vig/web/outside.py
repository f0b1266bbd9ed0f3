"""Signing in through a service of one's organisation: there and back. Only where it is set up."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vig.app import outside
from vig.app.outside import Asking, Service
from vig.errors import VigError
from vig.web import sheets, steps
from vig.web.forms import Fields, aside, form
from vig.web.porch import Porch, status_of

PAGE = "/account/own"
FOOT = "Everything about families stays where it is, sealed."
COOKIE = "__Host-vig_outside"
"""Binds the way back to the browser that went. Lax, for the way back begins on a foreign page."""
MOST = 100
"""Sign-ins under way at once; the oldest gives way."""
LONGEST = 600.0
"""Seconds for somebody to come back."""
_POST = ["POST"]


def routes(porch: Porch) -> list[Route]:
    gate = Outside(porch)
    return [
        Route("/account/outside", form(gate.go), methods=_POST),
        Route("/account/outside/link", form(gate.link), methods=_POST),
        Route("/account/outside/forget", form(gate.forget), methods=_POST),
        Route("/account/outside/back", gate.back),
    ]


def button(porch: Porch) -> str:
    """For the sign-in page: nothing where no service is set up, or the house is locked."""
    service = outside.configured()
    if service is None:
        return ""
    if porch.house.state != "open":
        return sheets.fill("outside-locked", name=sheets.text(service.name))
    return sheets.fill("outside", name=sheets.text(service.name))


def own_part(linked: bool) -> str:
    """For everybody's own page: link the service, or forget it."""
    service = outside.configured()
    if service is None:
        return ""
    part = "outside-forget" if linked else "outside-link"
    return sheets.fill(part, name=sheets.text(service.name))


@dataclass(slots=True)
class Outside:
    """The way there and back, around one porch."""

    porch: Porch
    under_way: dict[str, tuple[Asking, float]] = field(default_factory=dict)
    """What was asked, by the token in the browser's cookie."""

    async def go(self, request: Request, fields: Fields) -> Response:
        """To the service, to sign in."""
        service = outside.configured()
        if service is None or self.porch.house.state != "open":
            return RedirectResponse("/account/sign-in", 303)
        return await self._sent(request, service, None)

    async def link(self, request: Request, fields: Fields) -> Response:
        """To the service, to say which account it is from now on."""
        service, session = outside.configured(), self.porch.who(request)
        if service is None or session is None:
            return RedirectResponse("/account/sign-in", 303)
        instead = steps.sure_first(self.porch, request, session, PAGE)
        return instead or await self._sent(request, service, session.actor)

    async def forget(self, request: Request, fields: Fields) -> Response:
        """The account is known by no service any more."""
        session = self.porch.who(request)
        if session is None:
            return RedirectResponse("/account/sign-in", 303)
        instead = steps.sure_first(self.porch, request, session, PAGE)
        if instead is None:
            await aside(outside.know, self.porch.house.workspace, session.actor, None)
        return instead or RedirectResponse(PAGE, 303)

    async def _sent(self, request: Request, service: Service, link: str | None) -> Response:
        try:
            back = f"{request.url.scheme}://{request.headers['host']}/account/outside/back"
            asking, where = await aside(outside.begin, service, back, link)
        except VigError as error:
            return _problem(error)
        token = secrets.token_urlsafe(24)
        while len(self.under_way) >= MOST:
            self.under_way.pop(next(iter(self.under_way)))
        self.under_way[token] = asking, self.porch.clock()
        answer = sheets.page(
            "outside-there",
            "On to the other service",
            foot=FOOT,
            name=sheets.text(service.name),
            where=sheets.text(where),
        )
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")
        return answer

    async def back(self, request: Request) -> Response:
        """From the service, with a code for who it is."""
        service = outside.configured()
        asking, began = self.under_way.pop(request.cookies.get(COOKIE, ""), (None, 0.0))
        if service is None or asking is None or self.porch.clock() - began > LONGEST:
            return _problem("This sign-in took too long, or was begun elsewhere. Begin it again.")
        if not secrets.compare_digest(request.query_params.get("state", ""), asking.state):
            return _problem("This sign-in was not begun here. Begin it again.")
        code = request.query_params.get("code")
        if not code:
            return _problem("The other service did not let you in.")
        if self.porch.house.state != "open":
            return _problem("The vault was locked in the meantime. Open it with a passphrase.")
        try:
            subject = await aside(outside.subject_of, service, asking, code)
            return await self._arrived(request, service, asking, subject)
        except VigError as error:
            return _problem(error)

    async def _arrived(
        self, request: Request, service: Service, asking: Asking, subject: str
    ) -> Response:
        """Linked, or signed in. A page and not a redirect: after one that a foreign page began, the
        browser would not yet show our cookie.
        """
        ws = self.porch.house.workspace
        if asking.link is not None:
            await aside(outside.know, ws, asking.link, subject)
            answer = sheets.page("outside-back", "Linked", foot=FOOT, where=PAGE)
        else:
            account = await aside(outside.account_of, ws, subject)
            passed = service.second_step
            moved = await steps.arrived(self.porch, request, account.id, passed=passed)
            where = sheets.text(moved.headers["location"])
            answer = sheets.page("outside-back", "Signed in", foot=FOOT, where=where)
            steps.with_cookie(answer, moved)
        answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="lax")
        return answer


def _problem(error: VigError | str) -> Response:
    status = status_of(error) if isinstance(error, VigError) else 400
    return sheets.page(
        "outside-problem", "Not signed in", status=status, notice=sheets.notice(error)
    )
