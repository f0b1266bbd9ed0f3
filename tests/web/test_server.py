"""What stands around the pages, and how they are served."""

from __future__ import annotations

import asyncio
import re
import tomllib
from pathlib import Path

import pytest
import streamlit as st
from starlette.applications import Starlette

from tests.app.people import OWN, PASSPHRASE, cheap, joined
from tests.tree import ROOT
from tests.web.driver import Browser
from tests.web.houses import Clock, MemoryHouse, open_porch
from vig.app.house import House, secret_of_kind
from vig.domain.account import Office
from vig.ui.parts import ASSETS
from vig.vault.keys import key_file
from vig.web import server
from vig.web.porch import Porch
from vig.web.server import around, keep_open
from vig.web.sessions import COOKIE

CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))
FOLDERS = {"ui": ASSETS, "fonts": ASSETS / "assets" / "fonts"}


def _browser(house: MemoryHouse) -> Browser:
    return Browser(Starlette(**around(house, FOLDERS)))  # type: ignore[arg-type]


def test_the_server_listens_to_this_computer_only_and_tells_nobody() -> None:
    assert CONFIG["server"]["address"] == "127.0.0.1"
    assert CONFIG["browser"]["gatherUsageStats"] is False
    assert CONFIG["server"]["enableStaticServing"] is False
    assert CONFIG["client"]["showErrorDetails"] == "none"
    assert set(CONFIG["server"]["allowedHosts"]) == {"localhost", "127.0.0.1"}


def test_every_font_of_the_theme_is_served_by_us() -> None:
    for face in CONFIG["theme"]["fontFaces"]:
        answer = asyncio.run(_browser(MemoryHouse()).get(face["url"]))
        assert answer.status == 200
        assert answer.body[:4] == b"wOF2"


def test_the_librarys_own_address_leads_to_it() -> None:
    porch, token = open_porch()
    browser = Browser(Starlette(**around(porch.house, FOLDERS, porch)))
    browser.cookies[COOKIE] = token
    answer = asyncio.run(browser.get("/library"))
    assert (answer.status, answer.headers["location"]) == (303, "/")


@pytest.mark.parametrize("name", ["player", "uploader", "door"])
def test_each_part_of_ours_has_its_module_its_style_and_its_markup(name: str) -> None:
    answer = asyncio.run(_browser(MemoryHouse()).get(f"/assets/ui/{name}/{name}.js"))
    assert answer.status == 200
    assert "export default function" in answer.text
    assert (ASSETS / name / f"{name}.css").is_file()
    assert (ASSETS / name / f"{name}.html").is_file()


@pytest.mark.parametrize(
    "path", ["ui/desk.py", "ui/player/__init__.py", "ui/../web/gate.py", "ui/", "web/../sheets/"]
)
def test_only_program_files_for_the_browser_are_served(path: str) -> None:
    assert asyncio.run(_browser(MemoryHouse()).get(f"/assets/{path}")).status == 404


def test_program_files_are_asked_for_anew_so_that_an_update_is_never_half_in_use() -> None:
    answer = asyncio.run(_browser(MemoryHouse()).get("/assets/ui/player/player.js"))
    assert answer.headers["cache-control"] == "no-cache"


def test_nothing_we_send_to_a_browser_names_another_host() -> None:
    own = [p for p in (ROOT / "vig").rglob("*") if p.suffix in {".js", ".css", ".html", ".svg"}]
    assert len(own) > 12
    for path in own:
        hosts = re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]+[^\s\"')]*", path.read_text("utf-8"))
        assert [h for h in hosts if h != "http://www.w3.org/2000/svg"] == [], path


def test_no_page_uses_what_would_hold_a_familys_bytes_in_clear() -> None:
    forbidden = re.compile(r"st\.(file_uploader|video|image|audio|download_button|camera_input)\b")
    pages = list((ROOT / "vig" / "ui").rglob("*.py"))
    assert len(pages) > 8
    assert forbidden.search("st.video(film)")  # the search itself works
    assert [p.name for p in pages if forbidden.search(p.read_text("utf-8"))] == []


def test_the_house_is_locked_when_the_server_ends() -> None:
    house = MemoryHouse("open")

    async def served() -> None:
        async with around(house, FOLDERS)["lifespan"](None):  # type: ignore[arg-type]
            assert house.state == "open"

    asyncio.run(served())
    assert house.state == "locked"


def test_the_house_locks_by_itself_when_everybody_has_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "LOOK_EVERY", 0.01)
    house = MemoryHouse("open")
    porch = Porch(house)  # type: ignore[arg-type]
    token = porch.sessions.begin("guider")

    async def served() -> None:
        async with around(house, FOLDERS, porch)["lifespan"](None):  # type: ignore[arg-type]
            await asyncio.sleep(0.1)
            assert house.state == "open"
            porch.sessions.end(token)
            await asyncio.sleep(0.2)
            assert house.state == "locked"

    asyncio.run(served())


def test_the_audit_log_is_signed_every_hour_while_the_house_is_open(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(server, "LOOK_EVERY", 0.01)
    clock = Clock()
    house = MemoryHouse("open")
    porch = Porch(house, clock=clock)  # type: ignore[arg-type]
    porch.sessions.begin("guider")

    async def served() -> None:
        async with around(house, FOLDERS, porch)["lifespan"](None):  # type: ignore[arg-type]
            await asyncio.sleep(0.1)
            assert "sign" not in house.happened
            for hour in (1, 2):
                clock.now += server.SIGN_EVERY
                await asyncio.sleep(0.2)
                assert house.happened.count("sign") == hour

    assert server.SIGN_EVERY <= 3600
    asyncio.run(served())


def test_streamlit_takes_our_routes_and_the_gate(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text("import streamlit as st\n")
    app = st.App(script, **around(MemoryHouse(), FOLDERS))  # type: ignore[arg-type]
    assert app is not None


def test_a_server_keeps_the_house_open_and_new_passphrases_are_no_way_into_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap(monkeypatch)
    house = House(tmp_path / "vault")
    house.confirm(house.set_up(PASSPHRASE))
    (tmp_path / "key").write_bytes(key_file())
    secret = secret_of_kind("keyfile", str(tmp_path / "key"))
    house.add_way_in(secret, actor=house.opener)
    house.lock()
    porch = Porch(house)
    keep_open(porch, tmp_path / "key")
    bo = joined(house, "Bo", Office.GUIDER)
    assert bo.slot is None
    assert porch.lock_if_left() is False
    assert house.state == "open"
    assert house.sign_in("Bo", OWN) == bo.id
    house.close()
