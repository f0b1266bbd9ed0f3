"""The pages before the door: first run, sign in, sign out, lock. Plain HTML, no Streamlit."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vig.app import accounts, passphrases
from vig.domain.progress import unheard
from vig.errors import VigError
from vig.web import outside, own, people, sheets, steps, visit
from vig.web.forms import Fields, aside, form
from vig.web.porch import Porch, from_our_script, status_of
from vig.web.sessions import COOKIE

POST = ["POST"]


def routes(porch: Porch) -> list[Route]:
    """All routes under ``/account``."""
    account = Account(porch)
    return [
        Route("/account", account.front),
        Route("/account/sign-in", account.sign_in),
        Route("/account/sign-in", form(account.unlock), methods=POST),
        Route("/account/first-run", account.first_run),
        Route("/account/first-run", form(account.set_up), methods=POST),
        Route("/account/confirm", form(account.confirm), methods=POST),
        Route("/account/start-over", form(account.start_over), methods=POST),
        Route("/account/restore", form(account.restore), methods=POST),
        Route("/account/strength", form(account.strength), methods=POST),
        Route("/account/sign-out", form(account.sign_out), methods=POST),
        Route("/account/lock", form(account.lock), methods=POST),
        Route("/account/here", account.here, methods=POST),
        *steps.routes(porch),
        *own.routes(porch),
        *people.routes(porch),
        *outside.routes(porch),
        *visit.routes(porch),
    ]


class Account:
    """The handlers, around one porch."""

    def __init__(self, porch: Porch) -> None:
        self._porch = porch

    async def front(self, request: Request) -> Response:
        return RedirectResponse("/" if self._porch.who(request) else "/account/sign-in", 303)

    async def sign_in(self, request: Request) -> Response:
        if self._porch.house.state in ("none", "unfinished"):
            return RedirectResponse("/account/first-run", 303)
        if self._porch.who(request) is not None:
            return RedirectResponse("/", 303)
        return self._sign_in_page(None)

    async def unlock(self, request: Request, fields: Fields) -> Response:
        """Each try costs one key derivation and waits its turn, so that guessing stays slow."""
        name, secret = fields.get("name", ""), fields.get("secret", "").strip()
        async with self._porch.one_at_a_time:
            wait = self._porch.throttle.wait(name)
            if wait > 0:
                return self._sign_in_page(steps.too_many(wait), 429, name=name)
            try:
                who = await anyio.to_thread.run_sync(self._porch.house.sign_in, name, secret)
            except VigError as error:
                self._porch.throttle.missed(name)
                return self._sign_in_page(error, status_of(error), name=name)
            self._porch.throttle.hit(name)
        return await steps.arrived(
            self._porch, request, who, passed=passphrases.is_recovery_code(secret), sure=True
        )

    async def first_run(self, request: Request) -> Response:
        state = self._porch.house.state
        if state == "none":
            return _passphrase_page(None)
        if state == "unfinished":
            return _confirm_page(None)
        return RedirectResponse("/", 303)

    async def set_up(self, request: Request, fields: Fields) -> Response:
        house = self._porch.house
        if house.state != "none":
            return RedirectResponse("/account/first-run", 303)
        passphrase = fields.get("passphrase", "")
        if passphrase != fields.get("again", ""):
            return _passphrase_page("The two passphrases are not the same.", 422)
        fine, words = passphrases.strength(passphrase)
        if not fine:
            return _passphrase_page(words, 422)
        try:
            name = fields.get("name", "")
            code = await anyio.to_thread.run_sync(house.set_up, passphrase, name)
        except VigError as error:
            return _passphrase_page(error, status_of(error))
        return sheets.page(
            "code",
            "Your recovery code",
            wide=True,
            code=sheets.text(code),
            today=f"{date.today().day} {date.today():%B %Y}",
            notice="",
        )

    async def confirm(self, request: Request, fields: Fields) -> Response:
        house = self._porch.house
        if house.state != "unfinished":
            return RedirectResponse("/account/sign-in", 303)
        try:
            await anyio.to_thread.run_sync(house.confirm, fields.get("code", "").strip())
        except VigError as error:
            return _confirm_page(error, status_of(error))
        return await steps.arrived(self._porch, request, house.opener, passed=True, sure=True)

    async def start_over(self, request: Request, fields: Fields) -> Response:
        """Throw a half set-up vault away; the app refuses for one that is complete."""
        try:
            await anyio.to_thread.run_sync(self._porch.house.start_over)
        except VigError as error:
            return self._sign_in_page(error, status_of(error))
        return RedirectResponse("/account/first-run", 303)

    async def restore(self, request: Request, fields: Fields) -> Response:
        house = self._porch.house
        if house.state != "none":
            return RedirectResponse("/account/sign-in", 303)
        folder = fields.get("folder", "").strip()
        if not folder:
            return _passphrase_page("Name the folder that holds the backup.", 422, folder="")
        try:
            await anyio.to_thread.run_sync(house.restore_from, Path(folder).expanduser(), unheard)
        except VigError as error:
            return _passphrase_page(error, status_of(error), folder=folder)
        return RedirectResponse("/account/sign-in", 303)

    async def strength(self, request: Request, fields: Fields) -> Response:
        if not from_our_script(request):
            return Response(status_code=403)
        fine, words = passphrases.strength(fields.get("passphrase", ""))
        return JSONResponse({"ok": fine, "words": words})

    async def sign_out(self, request: Request, fields: Fields) -> Response:
        """End this browser's session; the last one out locks the house."""
        session = self._porch.who(request)
        if session is not None:
            ws = self._porch.house.workspace
            await aside(accounts.note, ws, session.actor, "sign-out")
        self._porch.sessions.end(request.cookies.get(COOKIE))
        await anyio.to_thread.run_sync(self._porch.lock_if_left)
        return _left()

    async def lock(self, request: Request, fields: Fields) -> Response:
        """End every session and drop the keys. Only somebody signed in may do it.

        Where an operator keeps the house open, it ends this browser's session alone.
        """
        if self._porch.kept_open:
            return await self.sign_out(request, fields)
        if self._porch.who(request) is not None:
            await anyio.to_thread.run_sync(self._porch.lock)
        return _left()

    async def here(self, request: Request) -> Response:
        """A page says that its person did something, or asks whether it may stay.

        ``?active=1``: a key, a pointer. ``?showing=1``: a review is being shown and everybody
        watches it. The answer says in ``x-vig-screen`` which session this is, so that a page of
        another one can go.
        """
        if not from_our_script(request):
            return Response(status_code=403)
        session = self._porch.who(request)
        if session is None:
            return Response(status_code=401)
        if request.query_params.get("active") == "1":
            self._porch.sessions.touch(request.cookies.get(COOKIE))
        elif request.query_params.get("showing") == "1":
            self._porch.sessions.show(request.cookies.get(COOKIE))
        return Response(status_code=204, headers={"x-vig-screen": session.id})

    def _sign_in_page(
        self, problem: VigError | str | None, status: int = 200, *, name: str = ""
    ) -> Response:
        house = self._porch.house
        below = outside.button(self._porch)
        if house.demo:
            below += sheets.fill("demo", passphrase=sheets.text(_demo_passphrase()))
        several = house.asks_name
        return sheets.page(
            "sign-in",
            "Sign in" if several else "Unlock",
            status=status,
            heading="Sign in" if several else "Unlock",
            who=sheets.fill("name", name=sheets.text(name)) if several else "",
            focus="" if several else " autofocus",
            notice=sheets.notice(problem),
            described=' aria-describedby="notice" aria-invalid="true"' if problem else "",
            below=below,
        )


def _demo_passphrase() -> str:
    from vig.app.demo import PASSPHRASE

    return PASSPHRASE


def _passphrase_page(
    problem: VigError | str | None, status: int = 200, folder: str | None = None
) -> Response:
    restore = sheets.fill(
        "restore", folder=sheets.text(folder or ""), open="" if folder is None else " open"
    )
    return sheets.page(
        "passphrase",
        "Welcome",
        status=status,
        wide=True,
        notice=sheets.notice(problem),
        restore=restore,
    )


def _confirm_page(problem: VigError | None, status: int = 200) -> Response:
    return sheets.page(
        "confirm",
        "One step is left",
        status=status,
        wide=True,
        notice=sheets.notice(problem),
        over=sheets.fill("over"),
    )


def _left() -> Response:
    answer = RedirectResponse("/account/sign-in", 303)
    answer.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
    return answer
