"""Everybody's own account: name, passphrase, second step, and where they are signed in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vig.app import accounts, second
from vig.app.workspace import Workspace
from vig.errors import VigError
from vig.web import outside, sheets, steps
from vig.web.forms import Fields, aside, form
from vig.web.porch import Porch, from_our_script, refusal, status_of
from vig.web.sessions import COOKIE, Session

_POST = ["POST"]
PAGE = "/account/own"
CODES = "/account/own/codes"


def routes(porch: Porch) -> list[Route]:
    """Everything under ``/account/own``, and the change of passphrase."""
    own = Own(porch)
    return [
        Route(PAGE, own.page),
        Route("/account/own/sure", own.sure),
        Route("/account/own/sure", form(own.proved), methods=_POST),
        Route("/account/own/name", form(own.rename), methods=_POST),
        Route("/account/passphrase", own.change),
        Route("/account/passphrase", form(own.changed), methods=_POST),
        Route(CODES, own.codes),
        Route(CODES, form(own.codes_on), methods=_POST),
        Route("/account/own/codes/off", form(own.codes_off), methods=_POST),
        Route("/account/own/device/new", form(own.device_new), methods=_POST),
        Route("/account/own/device/keep", form(own.device_keep), methods=_POST),
        Route("/account/own/device/off", form(own.device_off), methods=_POST),
        Route("/account/own/leave", form(own.leave), methods=_POST),
    ]


@dataclass(slots=True)
class Own:
    """The handlers, around one porch."""

    porch: Porch

    async def page(self, request: Request) -> Response:
        """All of it on one page."""
        session = self.porch.who(request)
        return self._page(request, session, None) if session else _back()

    def _page(
        self, request: Request, session: Session, problem: VigError | str | None, status: int = 200
    ) -> Response:
        ws = self.porch.house.workspace
        account, made = ws.catalogue.account(session.actor), second.of(ws, session.actor)
        offices = ", ".join(sorted(office.words for office in account.offices))
        devices = "".join(
            sheets.fill(
                "own-device",
                id=key.id,
                name=sheets.text(key.name),
                used=_day(key.used_at, "not used yet", "last used "),
            )
            for key in made.passkeys
        )
        must = second.needed(ws, account) and not made.any
        return sheets.page(
            "own",
            "Your account",
            status=status,
            wide=True,
            notice=sheets.notice(problem),
            name=sheets.text(account.name),
            offices=sheets.text(offices),
            passphrase="" if self.porch.house.demo else sheets.fill("own-passphrase"),
            must=sheets.fill("own-must") if must else "",
            codes=sheets.fill("own-codes-on", spares=str(made.spares))
            if made.codes
            else sheets.fill("own-codes-off"),
            devices=f'<ul class="rows">{devices}</ul>' if devices else "",
            add=sheets.fill("own-add-device" if steps.takes_passkeys(request) else "no-device"),
            outside=outside.own_part(account.subject is not None),
            sessions=self._sessions(request, session),
        )

    def _sessions(self, request: Request, here: Session) -> str:
        shown = []
        for one in self.porch.sessions.listed(here.actor):
            minutes = int(self.porch.sessions.age(one) // 60)
            since = "just now" if minutes < 1 else f"{minutes} min ago"
            if minutes >= 120:
                since = f"{minutes // 60} hours ago"
            ours = one.id == here.id
            end = "" if ours else sheets.fill("own-leave", id=one.id, where=sheets.text(one.where))
            shown.append(
                sheets.fill(
                    "own-session",
                    where=sheets.text(one.where or "A browser"),
                    since=f"signed in {since}" + (" · this one" if ours else ""),
                    end=end,
                )
            )
        return "".join(shown)

    # --- the passphrase, asked once more

    async def sure(self, request: Request) -> Response:
        if self.porch.who(request) is None:
            return _back()
        return _sure_page(_local(request.query_params.get("next")), None)

    async def proved(self, request: Request, fields: Fields) -> Response:
        """The passphrase typed again; then on to where they wanted to go."""
        session, path = self.porch.who(request), _local(fields.get("next"))
        if session is None:
            return _back()
        problem, status = await self._tried(session, fields.get("secret", ""))
        if problem is not None:
            return _sure_page(path, problem, status)
        return RedirectResponse(path, 303)

    async def _tried(self, session: Session, secret: str) -> tuple[VigError | str | None, int]:
        """What is wrong with a passphrase typed again, and the status to say it with."""
        async with self.porch.one_at_a_time:
            wait = self.porch.throttle.wait(session.actor)
            if wait > 0:
                return steps.too_many(wait), 429
            try:
                ws = self.porch.house.workspace
                await aside(accounts.recognise, ws, session.actor, secret.strip())
            except VigError as error:
                self.porch.throttle.missed(session.actor)
                return error, status_of(error)
            self.porch.throttle.hit(session.actor)
        self.porch.sessions.sure(session)
        return None, 200

    # --- name and passphrase

    async def rename(self, request: Request, fields: Fields) -> Response:
        session = self.porch.who(request)
        if session is None:
            return _back()
        try:
            ws = self.porch.house.workspace
            name = fields.get("name", "")
            await aside(accounts.rename, ws, session.actor, name, actor=session.actor)
        except VigError as error:
            return self._page(request, session, error, status_of(error))
        return RedirectResponse(PAGE, 303)

    async def change(self, request: Request) -> Response:
        if self.porch.who(request) is None or self.porch.house.demo:
            return _back()
        return _change_page(None)

    async def changed(self, request: Request, fields: Fields) -> Response:
        """A new passphrase takes the place of the old one; their other sessions end."""
        session = self.porch.who(request)
        if session is None or self.porch.house.demo:
            return _back()
        problem, status = await self._tried(session, fields.get("secret", ""))
        if problem is not None:
            return _change_page(problem, status)
        passphrase = fields.get("passphrase", "")
        if passphrase != fields.get("again", ""):
            return _change_page("The two passphrases are not the same.", 422)
        ws = self.porch.house.workspace
        try:
            await aside(accounts.change_passphrase, ws, session.actor, passphrase)
        except VigError as error:
            return _change_page(error, status_of(error))
        self.porch.sessions.end_of(session.actor)
        return await steps.arrived(
            self.porch, request, session.actor, passed=True, sure=True, path="/settings"
        )

    # --- the second step

    def _who(self, request: Request, back: str) -> tuple[Session | None, Response | None]:
        """Who sets up or changes a second step: somebody sure of, or an admin who must have one."""
        half = self.porch.halfway(request)
        if half is not None:
            due = steps.next_page(self.porch, half.actor, passed=half.passed)
            return (half, None) if due == CODES else (None, RedirectResponse(due, 303))
        session = self.porch.who(request)
        if session is None:
            return None, _back()
        return session, steps.sure_first(self.porch, request, session, back)

    async def codes(self, request: Request) -> Response:
        """The square for an authenticator app, and a field for a code of it."""
        session, instead = self._who(request, CODES)
        if session is None or instead is not None:
            return instead or _back()
        return self._codes_page(request, session, None)

    def _codes_page(
        self, request: Request, session: Session, problem: VigError | None, status: int = 200
    ) -> Response:
        session.secret = session.secret or second.new_secret()
        account = self.porch.house.workspace.catalogue.account(session.actor)
        secret = session.secret
        forced = not session.whole
        device = ""
        if forced and steps.takes_passkeys(request):
            device = sheets.fill("own-add-device")
        return sheets.page(
            "codes",
            "Set up a second step",
            status=status,
            wide=True,
            notice=sheets.notice(problem),
            why=sheets.fill("own-must") if forced else "",
            square=second.square(second.address(secret, account)),
            secret=" ".join(secret[i : i + 4] for i in range(0, len(secret), 4)),
            device=device,
            leave="" if forced else sheets.fill("own-back"),
        )

    async def codes_on(self, request: Request, fields: Fields) -> Response:
        """A code typed back: from now on codes are asked for. Shows the printed ones, once."""
        session, instead = self._who(request, CODES)
        if session is None or instead is not None:
            return instead or _back()
        ws = self.porch.house.workspace
        async with self.porch.one_at_a_time:
            try:
                typed = fields.get("code", "").replace(" ", "")
                spares = await aside(second.set_up_codes, ws, session.actor, session.secret, typed)
            except VigError as error:
                return self._codes_page(request, session, error, status_of(error))
        session.secret = ""
        shown = sheets.page(
            "spares",
            "Printed codes",
            wide=True,
            codes="".join(f"<li>{sheets.text(spare)}</li>" for spare in spares),
        )
        return steps.with_cookie(shown, await steps.went_on(self.porch, request, session, PAGE))

    async def codes_off(self, request: Request, fields: Fields) -> Response:
        return await self._took(request, second.drop_codes)

    async def device_new(self, request: Request, fields: Fields) -> Response:
        """What a new device is asked, for our own script."""
        session, instead = self._who(request, PAGE)
        if session is None or instead is not None or not from_our_script(request):
            return JSONResponse({"go": f"/account/own/sure?next={PAGE}"}, 401)
        ws = self.porch.house.workspace
        account = ws.catalogue.account(session.actor)
        question = second.ask_new(ws, account, steps.site(request))
        session.asked = question.challenge
        return Response(question.options, media_type="application/json")

    async def device_keep(self, request: Request, fields: Fields) -> Response:
        """The new device's answer."""
        session, instead = self._who(request, PAGE)
        if session is None or instead is not None or not from_our_script(request):
            return JSONResponse({"go": f"/account/own/sure?next={PAGE}"}, 401)
        asked, session.asked = session.asked, b""
        try:
            await aside(
                second.keep_new,
                self.porch.house.workspace,
                session.actor,
                second.parsed(fields.get("answer", "")),
                fields.get("name", ""),
                asked=asked,
                site=steps.site(request),
            )
        except VigError as error:
            return refusal(error)
        moved = await steps.went_on(self.porch, request, session, PAGE)
        return steps.with_cookie(JSONResponse({"go": moved.headers["location"]}), moved)

    async def device_off(self, request: Request, fields: Fields) -> Response:
        device = fields.get("id", "")
        return await self._took(request, lambda ws, who: second.drop_passkey(ws, who, device))

    async def _took(self, request: Request, act: Callable[[Workspace, str], None]) -> Response:
        session = self.porch.who(request)
        if session is None:
            return _back()
        instead = steps.sure_first(self.porch, request, session, PAGE)
        if instead is not None:
            return instead
        try:
            await aside(act, self.porch.house.workspace, session.actor)
        except VigError as error:
            return self._page(request, session, error, status_of(error))
        return RedirectResponse(PAGE, 303)

    # --- where they are signed in

    async def leave(self, request: Request, fields: Fields) -> Response:
        """End one session of theirs elsewhere, or all of them but this one."""
        session = self.porch.who(request)
        if session is None:
            return _back()
        here = request.cookies.get(COOKIE)
        self.porch.sessions.end_of(session.actor, but=here, only=fields.get("id") or None)
        return RedirectResponse(PAGE, 303)


def _sure_page(path: str, problem: VigError | str | None, status: int = 200) -> Response:
    return sheets.page(
        "sure",
        "Your passphrase",
        status=status,
        next=sheets.text(path),
        notice=sheets.notice(problem),
    )


def _change_page(problem: VigError | str | None, status: int = 200) -> Response:
    notice = sheets.notice(problem)
    return sheets.page("change", "Change your passphrase", status=status, wide=True, notice=notice)


def _local(path: str | None) -> str:
    """A path of our own account pages; nobody is sent anywhere else."""
    return path if path and path.startswith(("/account/own", "/account/people")) else PAGE


def _day(at: datetime | None, never: str, before: str) -> str:
    return f"{before}{at.day} {at:%b %Y}" if at else never


def _back() -> Response:
    return RedirectResponse("/account/sign-in", 303)
