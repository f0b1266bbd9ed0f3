"""The people who sign in here, for an admin: adding, offices, families, beginning anew, disabling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import anyio
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from vig.app import accounts, policy, second
from vig.app.accounts import Account
from vig.app.workspace import Workspace
from vig.domain.account import WITH_FAMILIES, Office
from vig.errors import BadValue, Unknown, VigError
from vig.web import sheets, steps
from vig.web.forms import Fields, form, refused
from vig.web.porch import Porch, status_of
from vig.web.sessions import Session

_POST = ["POST"]
PAGE = "/account/people"


def routes(porch: Porch) -> list[Route]:
    """Everything under ``/account/people``."""
    people = People(porch)
    return [
        Route(PAGE, people.page),
        Route(PAGE, form(people.add), methods=_POST),
        Route("/account/people/{id}", people.person),
        Route("/account/people/{id}/offices", form(people.offices), methods=_POST),
        Route("/account/people/{id}/family", form(people.family), methods=_POST),
        Route("/account/people/{id}/family/off", form(people.family_off), methods=_POST),
        Route("/account/people/{id}/restart", form(people.restart), methods=_POST),
        Route("/account/people/{id}/disable", form(people.disable), methods=_POST),
    ]


@dataclass(slots=True)
class People:
    """The handlers, around one porch."""

    porch: Porch

    @property
    def _ws(self) -> Workspace:
        return self.porch.house.workspace

    def _admin(self, request: Request) -> tuple[Session | None, Response | None]:
        """An admin who has just typed their passphrase, or the answer to everybody else."""
        session = self.porch.who(request)
        if session is None:
            return None, RedirectResponse("/account/sign-in", 303)
        if not policy.may(self._ws, session.actor, "house.accounts"):
            return None, refused("Accounts are looked after by an admin.", 403)
        if self.porch.house.demo:
            return None, refused(
                "The demonstration has one account, whose passphrase is known.", 403
            )
        return session, steps.sure_first(self.porch, request, session, request.url.path)

    async def page(self, request: Request) -> Response:
        """Everybody, and a form to add somebody."""
        session, instead = self._admin(request)
        if session is None or instead is not None:
            return instead or _back()
        return self._page(session, None)

    def _page(self, session: Session, problem: VigError | None, status: int = 200) -> Response:
        listed = "".join(self._row(account, session) for account in accounts.listed(self._ws))
        ready = second.of(self._ws, session.actor).any
        return sheets.page(
            "people",
            "People",
            status=status,
            wide=True,
            notice=sheets.notice(problem),
            listed=listed,
            add=sheets.fill("people-add", offices=_boxes(frozenset({Office.GUIDER})))
            if ready
            else sheets.fill("people-first"),
        )

    def _row(self, account: Account, session: Session) -> str:
        offices = ", ".join(sorted(office.words for office in account.offices))
        state = " · disabled" if account.disabled else ""
        if account.starting and not account.disabled:
            state = " · has not chosen a passphrase yet"
        you = " · you" if account.id == session.actor else ""
        return sheets.fill(
            "people-row",
            id=account.id,
            name=sheets.text(account.name),
            about=sheets.text(offices + state + you),
        )

    async def add(self, request: Request, fields: Fields) -> Response:
        """A further account; shows its start passphrase, once."""
        session, instead = self._admin(request)
        if session is None or instead is not None:
            return instead or _back()
        try:
            if not second.of(self._ws, session.actor).any:
                raise BadValue(what="Set up your own second step first.")
            offices = _offices(fields)
            _, start = await anyio.to_thread.run_sync(
                lambda: accounts.add(self._ws, fields.get("name", ""), offices, actor=session.actor)
            )
        except VigError as error:
            return self._page(session, error, status_of(error))
        return _started_page(fields.get("name", ""), start)

    async def person(self, request: Request) -> Response:
        """One account."""
        session, instead = self._admin(request)
        if session is None or instead is not None:
            return instead or _back()
        try:
            account = self._ws.catalogue.account(request.path_params["id"])
        except Unknown:
            return refused("There is no such account.", 404)
        return self._person_page(account, session, None)

    def _person_page(
        self, account: Account, session: Session, problem: VigError | None, status: int = 200
    ) -> Response:
        made = second.of(self._ws, account.id)
        return sheets.page(
            "person",
            account.name,
            status=status,
            wide=True,
            notice=sheets.notice(problem),
            id=account.id,
            name=sheets.text(account.name),
            step="A second step is set up." if made.any else "No second step is set up.",
            offices=_boxes(account.offices),
            families=self._families(account),
            ending=sheets.fill(
                "person-back" if account.disabled else "person-end",
                id=account.id,
                name=sheets.text(account.name),
            ),
        )

    def _families(self, account: Account) -> str:
        """What is trusted to them, and a form to trust them with more; pseudonyms only."""
        if not account.offices & WITH_FAMILIES:
            return ""
        names = {family.id: family.pseudonym for family in self._ws.catalogue.families()}
        rows = "".join(
            sheets.fill(
                "person-family",
                id=account.id,
                assignment=one.id,
                name=sheets.text(names[one.family]),
                about=one.office.words + (f", until {one.until:%d.%m.%Y}" if one.until else ""),
            )
            for one in self._ws.catalogue.assignments(account=account.id)
        )
        kinds = sorted(account.offices & WITH_FAMILIES)
        return sheets.fill(
            "person-families",
            id=account.id,
            rows=rows or "<li>None yet.</li>",
            known="".join(f'<option value="{sheets.text(n)}">' for n in sorted(names.values())),
            kinds="".join(f'<option value="{k.value}">{k.words}</option>' for k in kinds),
        )

    async def offices(self, request: Request, fields: Fields) -> Response:
        def change(account_id: str, actor: str) -> None:
            accounts.give_offices(self._ws, account_id, _offices(fields), actor=actor)
            if account_id != actor:  # they come in anew, by the way that their offices ask for
                self.porch.end_of(account_id)

        return await self._changed(request, change)

    async def family(self, request: Request, fields: Fields) -> Response:
        """Trust a family to them."""

        def change(account_id: str, actor: str) -> None:
            family = self._ws.catalogue.family_called(fields.get("family", ""))
            if family is None:
                raise Unknown(kind="family", name=fields.get("family", ""))
            office = _office(fields.get("office", ""))
            until = _day(fields.get("until", ""))
            accounts.assign(self._ws, account_id, family.id, office, actor=actor, until=until)

        return await self._changed(request, change)

    async def family_off(self, request: Request, fields: Fields) -> Response:
        """Take a family away from them."""

        def change(account_id: str, actor: str) -> None:
            theirs = self._ws.catalogue.assignments(account=account_id)
            for one in theirs:
                if one.id == fields.get("assignment"):
                    accounts.unassign(self._ws, one, actor=actor)

        return await self._changed(request, change)

    async def disable(self, request: Request, fields: Fields) -> Response:
        def change(account_id: str, actor: str) -> None:
            accounts.disable(self._ws, account_id, actor=actor)
            self.porch.end_of(account_id)

        return await self._changed(request, change, PAGE)

    async def restart(self, request: Request, fields: Fields) -> Response:
        """A new start passphrase; their sessions end."""
        session, instead = self._admin(request)
        if session is None or instead is not None:
            return instead or _back()
        account_id = request.path_params["id"]
        try:
            account, start = await anyio.to_thread.run_sync(
                lambda: accounts.restart(self._ws, account_id, actor=session.actor)
            )
        except VigError as error:
            return self._page(session, error, status_of(error))
        self.porch.end_of(account_id)
        return _started_page(account.name, start)

    async def _changed(
        self, request: Request, change: Callable[[str, str], None], path: str | None = None
    ) -> Response:
        session, instead = self._admin(request)
        if session is None or instead is not None:
            return instead or _back()
        account_id = request.path_params["id"]
        try:
            await anyio.to_thread.run_sync(change, account_id, session.actor)
        except VigError as error:
            try:
                account = self._ws.catalogue.account(account_id)
            except Unknown:
                return refused("There is no such account.", 404)
            return self._person_page(account, session, error, status_of(error))
        return RedirectResponse(path or f"{PAGE}/{account_id}", 303)


def _started_page(name: str, start: str) -> Response:
    return sheets.page(
        "started", "Start passphrase", wide=True, name=sheets.text(name), start=sheets.text(start)
    )


def _boxes(held: frozenset[Office]) -> str:
    about = {
        Office.GUIDER: "films, chooses and reviews with the families assigned to them",
        Office.TRAINEE: "the same, in training; looks first before seeing suggestions",
        Office.SUPERVISOR: "sees the families they supervise, where the family agreed to it",
        Office.ADMIN: "accounts, ways in and backup; opens no film",
        Office.LEARNER: "sample films only; reaches no family",
    }
    return "".join(
        sheets.fill(
            "office",
            value=office.value,
            words=office.words,
            about=words,
            checked=" checked" if office in held else "",
        )
        for office, words in about.items()
    )


def _offices(fields: Fields) -> frozenset[Office]:
    return frozenset(_office(code) for code in fields.all("office"))


def _office(code: str) -> Office:
    try:
        return Office(code)
    except ValueError:
        raise BadValue(what="Choose one of the offices.") from None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise BadValue(what="Write a day as year-month-day, such as 2026-11-24.") from None


def _back() -> Response:
    return RedirectResponse("/account/sign-in", 303)
