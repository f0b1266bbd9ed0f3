"""The pages before the door: first run, sign in, sign out, lock. Plain HTML, no Streamlit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from urllib.parse import parse_qs

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from vig.app.house import House, secret_of_kind
from vig.domain.progress import unheard
from vig.errors import VigError
from vig.web import sheets
from vig.web.porch import Porch, from_our_script, same_origin, status_of
from vig.web.sessions import COOKIE

ACTOR = "guider"
"""On one machine there is one account: whoever knows the passphrase."""

LONGEST_FORM = 8192
"""Bytes; a passphrase or a code and nothing else fits."""

Handler = Callable[[Request], Awaitable[Response]]


def routes(porch: Porch) -> list[Route]:
    """All routes under ``/account``."""
    account = Account(porch)
    post = ["POST"]
    return [
        Route("/account", account.front),
        Route("/account/sign-in", account.sign_in),
        Route("/account/sign-in", _form(account.unlock), methods=post),
        Route("/account/first-run", account.first_run),
        Route("/account/first-run", _form(account.set_up), methods=post),
        Route("/account/confirm", _form(account.confirm), methods=post),
        Route("/account/passphrase", account.change),
        Route("/account/passphrase", _form(account.changed), methods=post),
        Route("/account/start-over", _form(account.start_over), methods=post),
        Route("/account/restore", _form(account.restore), methods=post),
        Route("/account/strength", _form(account.strength), methods=post),
        Route("/account/sign-out", _form(account.sign_out), methods=post),
        Route("/account/lock", _form(account.lock), methods=post),
        Route("/account/here", account.here, methods=post),
    ]


def _form(handler: Callable[[Request, dict[str, str]], Awaitable[Response]]) -> Handler:
    """A form from our own pages only, read into memory and never spooled to disk."""

    async def checked(request: Request) -> Response:
        if not same_origin(request):
            return sheets.page(
                "plain", "Not accepted", status=403, words="This did not come from our own page."
            )
        body = bytearray()
        async for piece in request.stream():
            body += piece
            if len(body) > LONGEST_FORM:
                return sheets.page("plain", "Too long", status=413, words="That is too long.")
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
        return await handler(request, {name: values[-1] for name, values in fields.items()})

    return checked


class Account:
    """The handlers, around one porch."""

    def __init__(self, porch: Porch) -> None:
        self._porch = porch
        self._one_at_a_time = anyio.Lock()

    async def front(self, request: Request) -> Response:
        return RedirectResponse("/" if self._porch.who(request) else "/account/sign-in", 303)

    async def sign_in(self, request: Request) -> Response:
        if self._porch.house.state in ("none", "unfinished"):
            return RedirectResponse("/account/first-run", 303)
        if self._porch.who(request) is not None:
            return RedirectResponse("/", 303)
        return self._sign_in_page(None)

    async def unlock(self, request: Request, fields: dict[str, str]) -> Response:
        """Each try costs one key derivation and waits its turn, so that guessing stays slow."""
        problem, status = await self._tried(fields)
        return self._sign_in_page(problem, status) if problem else self._entered(request)

    async def _tried(self, fields: dict[str, str]) -> tuple[VigError | str | None, int]:
        """What is wrong with the secret of a form, and the status to say it with; None for right."""
        async with self._one_at_a_time:
            wait = self._porch.throttle.wait
            if wait > 0:
                return f"Too many tries. Wait {int(wait) + 1} seconds, then try again.", 429
            try:
                secret = fields.get("secret", "").strip()
                await anyio.to_thread.run_sync(self._porch.house.unlock, secret)
            except VigError as error:
                self._porch.throttle.missed()
                return error, status_of(error)
            self._porch.throttle.hit()
            return None, 200

    async def first_run(self, request: Request) -> Response:
        state = self._porch.house.state
        if state == "none":
            return _passphrase_page(None)
        if state == "unfinished":
            return _confirm_page(None)
        return RedirectResponse("/", 303)

    async def set_up(self, request: Request, fields: dict[str, str]) -> Response:
        house = self._porch.house
        if house.state != "none":
            return RedirectResponse("/account/first-run", 303)
        passphrase = fields.get("passphrase", "")
        if passphrase != fields.get("again", ""):
            return _passphrase_page("The two passphrases are not the same.", 422)
        fine, words = house.check_strength(passphrase)
        if not fine:
            return _passphrase_page(words, 422)
        try:
            code = await anyio.to_thread.run_sync(house.set_up, passphrase)
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

    async def confirm(self, request: Request, fields: dict[str, str]) -> Response:
        house = self._porch.house
        if house.state != "unfinished":
            return RedirectResponse("/account/sign-in", 303)
        try:
            await anyio.to_thread.run_sync(house.confirm, fields.get("code", "").strip())
        except VigError as error:
            return _confirm_page(error, status_of(error))
        return self._entered(request)

    async def change(self, request: Request) -> Response:
        if self._porch.who(request) is None or self._porch.house.demo:
            return RedirectResponse("/account/sign-in", 303)
        return _change_page(None)

    async def changed(self, request: Request, fields: dict[str, str]) -> Response:
        """A new passphrase takes the place of the old one, and every other session ends."""
        house = self._porch.house
        if self._porch.who(request) is None or house.demo:
            return RedirectResponse("/account/sign-in", 303)
        problem, status = await self._tried(fields)
        if problem:
            return _change_page(problem, status)
        passphrase = fields.get("passphrase", "")
        if passphrase != fields.get("again", ""):
            return _change_page("The two passphrases are not the same.", 422)
        fine, words = house.check_strength(passphrase)
        if not fine:
            return _change_page(words, 422)
        try:
            await anyio.to_thread.run_sync(_replace_passphrase, house, passphrase)
        except VigError as error:
            return _change_page(error, status_of(error))
        self._porch.sessions.end_all()
        return self._entered(request, "/settings")

    async def start_over(self, request: Request, fields: dict[str, str]) -> Response:
        """Throw a half set-up vault away; the app refuses for one that is complete."""
        try:
            await anyio.to_thread.run_sync(self._porch.house.start_over)
        except VigError as error:
            return self._sign_in_page(error, status_of(error))
        return RedirectResponse("/account/first-run", 303)

    async def restore(self, request: Request, fields: dict[str, str]) -> Response:
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

    async def strength(self, request: Request, fields: dict[str, str]) -> Response:
        if not from_our_script(request):
            return Response(status_code=403)
        fine, words = self._porch.house.check_strength(fields.get("passphrase", ""))
        return JSONResponse({"ok": fine, "words": words})

    async def sign_out(self, request: Request, fields: dict[str, str]) -> Response:
        """End this browser's session; the last one out locks the house."""
        self._porch.sessions.end(request.cookies.get(COOKIE))
        await anyio.to_thread.run_sync(self._porch.lock_if_left)
        return _left()

    async def lock(self, request: Request, fields: dict[str, str]) -> Response:
        """End every session and drop the keys. Only somebody signed in may do it."""
        if self._porch.who(request) is not None:
            await anyio.to_thread.run_sync(self._porch.lock)
        return _left()

    async def here(self, request: Request) -> Response:
        """A page says that its person did something (``?active=1``), or asks whether it may stay."""
        if not from_our_script(request):
            return Response(status_code=403)
        if self._porch.who(request) is None:
            return Response(status_code=401)
        if request.query_params.get("active") == "1":
            self._porch.sessions.touch(request.cookies.get(COOKIE))
        return Response(status_code=204)

    def _entered(self, request: Request, path: str = "/") -> Response:
        self._porch.sessions.end(request.cookies.get(COOKIE))
        token = self._porch.sessions.begin(ACTOR)
        answer = RedirectResponse(path, 303)
        answer.set_cookie(COOKIE, token, path="/", secure=True, httponly=True, samesite="strict")
        return answer

    def _sign_in_page(self, problem: VigError | str | None, status: int = 200) -> Response:
        below = ""
        if self._porch.house.demo:
            below = sheets.fill("demo", passphrase=sheets.text(_demo_passphrase()))
        return sheets.page(
            "sign-in",
            "Unlock",
            status=status,
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


def _change_page(problem: VigError | str | None, status: int = 200) -> Response:
    notice = sheets.notice(problem)
    return sheets.page("change", "Change the passphrase", status=status, wide=True, notice=notice)


def _replace_passphrase(house: House, passphrase: str) -> None:
    """The new one is tried before the old one goes, so that nobody is ever locked out."""
    secret = secret_of_kind("passphrase", passphrase)
    made = house.add_way_in(secret)
    house.confirm_way_in(secret)
    for slot in house.ways_in():
        if slot.kind == made.kind and slot.id != made.id:
            house.remove_way_in(slot.id)


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
