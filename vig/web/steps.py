"""What is asked after the passphrase, until a session is whole.

::

    passphrase ──▶ second step ──▶ own passphrase ──▶ set up a second step ──▶ whole
                   (who has one)   (start passphrase)  (an admin among others)

Until then the browser has a *half* session: it keeps the house from locking, and opens nothing but
the next of these pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vig.app import accounts, second
from vig.app.accounts import Account
from vig.errors import VigError
from vig.web import sheets
from vig.web.forms import Fields, aside, form
from vig.web.porch import Porch, from_our_script, refusal, status_of
from vig.web.sessions import COOKIE, Session

MOST_TRIES = 5
"""Wrong second steps after which the passphrase is asked for again."""

_POST = ["POST"]


def routes(porch: Porch) -> list[Route]:
    """What is asked between the passphrase and a whole session."""
    steps = Steps(porch)
    return [
        Route("/account/second", steps.second),
        Route("/account/second", form(steps.code), methods=_POST),
        Route("/account/second/device", form(steps.ask), methods=_POST),
        Route("/account/second/answer", form(steps.answer), methods=_POST),
        Route("/account/start", steps.start),
        Route("/account/start", form(steps.started), methods=_POST),
    ]


async def arrived(
    porch: Porch,
    request: Request,
    account_id: str,
    *,
    passed: bool,
    sure: bool = False,
    path: str = "/",
) -> Response:
    """A session for somebody whose passphrase was right, whole or half; on to what is asked next.

    ``passed``: the second step was made, or is not asked (the recovery code). ``sure``: the
    passphrase was typed just now.
    """

    def come_in() -> Response:
        page = next_page(porch, account_id, passed=passed, otherwise=path)
        answer = RedirectResponse(page, 303)
        return _with_session(porch, request, answer, account_id, passed=passed, sure=sure)

    return await aside(come_in)


def next_page(porch: Porch, account_id: str, *, passed: bool, otherwise: str = "/") -> str:
    """The page that is still to be gone through; ``otherwise`` where there is none."""
    ws = porch.house.workspace
    account, steps = ws.catalogue.account(account_id), second.of(ws, account_id)
    if steps.any and not passed:
        return "/account/second"
    if account.starting:
        return "/account/start"
    if not steps.any and second.needed(ws, account):
        return "/account/own/codes"
    return otherwise


def _with_session(
    porch: Porch,
    request: Request,
    answer: Response,
    account_id: str,
    *,
    passed: bool,
    sure: bool,
) -> Response:
    """The answer with a new token: what somebody could know before must open nothing after."""
    whole = next_page(porch, account_id, passed=passed, otherwise="") == ""
    porch.sessions.end(request.cookies.get(COOKIE))
    token = porch.sessions.begin(account_id, whole=whole, where=browser(request))
    session = porch.sessions.find(token) or porch.sessions.halfway(token)
    assert session is not None
    session.passed = passed
    if sure:
        porch.sessions.sure(session)
    if whole:
        accounts.note(porch.house.workspace, account_id, "sign-in")
    answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
    return answer


async def went_on(porch: Porch, request: Request, session: Session, path: str) -> Response:
    """After a step that may make a half session whole; a whole one simply goes on to ``path``."""
    if session.whole:
        return RedirectResponse(path, 303)
    return await arrived(porch, request, session.actor, passed=True, sure=True)


def sure_first(porch: Porch, request: Request, session: Session, back: str) -> Response | None:
    """The page that asks for the passphrase, unless it was typed just now."""
    if porch.sessions.is_sure(session):
        return None
    return RedirectResponse(f"/account/own/sure?next={quote(back, safe='')}", 303)


def with_cookie(answer: Response, moved: Response) -> Response:
    """The answer, with the cookie that ``moved`` would have set."""
    answer.raw_headers.extend(pair for pair in moved.raw_headers if pair[0] == b"set-cookie")
    return answer


def browser(request: Request) -> str:
    """The browser by its own word, short: ``Firefox on Windows``."""
    agent = request.headers.get("user-agent", "")
    names = (
        ("Edg/", "Edge"),
        ("Firefox/", "Firefox"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
    )
    systems = (
        ("Windows", "Windows"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Android", "Android"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    )
    name = next((word for mark, word in names if mark in agent), "A browser")
    system = next((word for mark, word in systems if mark in agent), None)
    return f"{name} on {system}" if system else name


def site(request: Request) -> second.Site:
    """The address that a passkey is bound to, as the gate has let it through."""
    host = request.headers.get("host", "")
    return second.Site(host.rsplit(":", 1)[0], request.headers.get("origin", ""))


def takes_passkeys(request: Request) -> bool:
    """Passkeys refuse a bare IP address."""
    host = request.headers.get("host", "").rsplit(":", 1)[0]
    return not (host.endswith("]") or host.replace(".", "").isdigit())


def too_many(wait: float) -> str:
    return f"Too many tries. Wait {int(wait) + 1} seconds, then try again."


@dataclass(slots=True)
class Steps:
    """The pages between the passphrase and a whole session."""

    porch: Porch

    def _half(self, request: Request, page: str) -> tuple[Session, Account] | None:
        """Whose half session this is, where ``page`` is what is asked of them next."""
        session = self.porch.halfway(request)
        if session is None:
            return None
        if next_page(self.porch, session.actor, passed=session.passed) != page:
            return None
        return session, self.porch.house.workspace.catalogue.account(session.actor)

    async def second(self, request: Request) -> Response:
        """Asks for the second step."""
        found = self._half(request, "/account/second")
        return self._second_page(request, found[1], None) if found else _back()

    def _second_page(
        self, request: Request, account: Account, problem: VigError | str | None, status: int = 200
    ) -> Response:
        steps = second.of(self.porch.house.workspace, account.id)
        parts = ""
        if steps.passkeys and takes_passkeys(request):
            parts += sheets.fill("second-device")
        elif steps.passkeys:
            parts += sheets.fill("no-device")
        if steps.codes:
            parts += sheets.fill("second-code")
        return sheets.page(
            "second", "Second step", status=status, notice=sheets.notice(problem), parts=parts
        )

    async def code(self, request: Request, fields: Fields) -> Response:
        """A code of the app, or one of the printed ones."""
        found = self._half(request, "/account/second")
        if found is None:
            return _back()
        session, account = found
        async with self.porch.one_at_a_time:
            wait = self.porch.throttle.wait(account.id)
            if wait > 0:
                return self._second_page(request, account, too_many(wait), 429)
            try:
                ws = self.porch.house.workspace
                await aside(second.check_code, ws, account.id, fields.get("code", ""))
            except VigError as error:
                return self._missed(request, session, error)
            self.porch.throttle.hit(account.id)
        return await arrived(self.porch, request, account.id, passed=True, sure=True)

    def _missed(self, request: Request, session: Session, error: VigError) -> Response:
        self.porch.throttle.missed(session.actor)
        session.tries += 1
        if session.tries >= MOST_TRIES:
            self.porch.sessions.end(request.cookies.get(COOKIE))
            return _back()
        account = self.porch.house.workspace.catalogue.account(session.actor)
        return self._second_page(request, account, error, status_of(error))

    async def ask(self, request: Request, fields: Fields) -> Response:
        """What one of their devices is asked, for our own script."""
        found = self._half(request, "/account/second")
        if found is None or not from_our_script(request):
            return Response(status_code=401)
        session, account = found
        question = second.ask_known(self.porch.house.workspace, account.id, site(request))
        session.asked = question.challenge
        return Response(question.options, media_type="application/json")

    async def answer(self, request: Request, fields: Fields) -> Response:
        """The device's answer; where it is right, the page to go on to."""
        found = self._half(request, "/account/second")
        if found is None or not from_our_script(request):
            return Response(status_code=401)
        session, account = found
        asked, session.asked = session.asked, b""
        wait = self.porch.throttle.wait(account.id)
        if wait > 0:
            return JSONResponse({"error": too_many(wait)}, 429)
        try:
            answer = second.parsed(fields.get("answer", ""))
            ws = self.porch.house.workspace
            await aside(second.check_passkey, ws, account.id, answer, asked, site(request))
        except VigError as error:
            self.porch.throttle.missed(account.id)
            return refusal(error)
        moved = await arrived(self.porch, request, account.id, passed=True, sure=True)
        return with_cookie(JSONResponse({"go": moved.headers["location"]}), moved)

    async def start(self, request: Request) -> Response:
        """Asks for a passphrase of their own."""
        return _start_page(None) if self._half(request, "/account/start") else _back()

    async def started(self, request: Request, fields: Fields) -> Response:
        """The start passphrase gives way to one that nobody else knows."""
        found = self._half(request, "/account/start")
        if found is None:
            return _back()
        session, account = found
        passphrase = fields.get("passphrase", "")
        if passphrase != fields.get("again", ""):
            return _start_page("The two passphrases are not the same.", 422)
        ws = self.porch.house.workspace
        try:
            await aside(accounts.change_passphrase, ws, account.id, passphrase)
        except VigError as error:
            return _start_page(error, status_of(error))
        return await arrived(self.porch, request, account.id, passed=session.passed, sure=True)


def _start_page(problem: VigError | str | None, status: int = 200) -> Response:
    return sheets.page(
        "start", "Your own passphrase", status=status, wide=True, notice=sheets.notice(problem)
    )


def _back() -> Response:
    return RedirectResponse("/account/sign-in", 303)
