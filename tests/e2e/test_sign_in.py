"""First run, second step, passkeys and several people, in a real browser with a virtual device."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from tests.app.test_second import code
from tests.e2e.conftest import ROOT, _await
from tests.web.provider import CLIENT, SECRET, running

pytestmark = pytest.mark.browser

PASSPHRASE = "seven quiet herons by the water"
OWN = "a walk along the long canal"
expect.set_options(timeout=30_000)


@contextmanager
def app(root: Path, **settings: str) -> Iterator[str]:
    """The app over an empty folder; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    server = subprocess.Popen(
        [*command, "--server.port", str(port)],
        cwd=ROOT,
        env={**os.environ, "VIG_HOME": str(root), **settings},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.STDOUT,
    )
    try:
        _await(f"http://localhost:{port}/healthz")
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(20)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with app(tmp_path_factory.mktemp("empty") / "vault") as address:
        yield address


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A browser of its own, with a security key in it."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    context.set_default_timeout(60_000)
    page = context.new_page()
    broken: list[str] = []

    def heard(said: ConsoleMessage) -> None:
        if said.type == "error" and "/account/" in page.url:
            broken.append(said.text)

    page.on("console", heard)
    plug_in(page)
    yield page
    context.close()
    assert [text for text in broken if "Content Security Policy" in text] == []


def plug_in(page: Page) -> None:
    """A virtual security key that is touched as soon as it is asked."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": False,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def look_at(page: Page, name: str) -> None:
    """What axe finds amiss on the page, in both schemes: nothing; a picture where somebody wants one.

    PICTURES_TO names a folder for them.
    """
    folder = os.environ.get("PICTURES_TO")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        if folder:
            page.screenshot(path=Path(folder) / f"{name}-{scheme}.png", full_page=True)
        if "/account/" in page.url:
            found = Axe().run(page).response["violations"]
            amiss = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found]
            assert amiss == [], (name, scheme)
    page.emulate_media(color_scheme="light")


def shown_secret(page: Page) -> str:
    return page.locator("span.typed").inner_text().replace(" ", "")


def inside(page: Page) -> None:
    expect(page.get_by_text("Library").first).to_be_visible()


def test_from_the_first_run_to_a_second_person_and_back(page: Page, url: str) -> None:
    # long because it is one story: what one person does decides what the next one meets
    page.goto(url)
    page.get_by_text("A name to sign in by").click()
    page.fill("#name", "Ann Example")
    page.fill("#passphrase", PASSPHRASE)
    page.fill("#again", PASSPHRASE)
    look_at(page, "first-run")
    page.click("button.main")
    printed = page.locator("#code").inner_text()
    page.fill("#typed", printed)
    page.click("button.main")
    inside(page)

    # A passkey, with a device that answers.
    page.goto(f"{url}/account/own")
    look_at(page, "own-empty")
    page.fill("#device-name", "my security key")
    page.click("[data-device=new]")
    expect(page.get_by_text("my security key")).to_be_visible()
    look_at(page, "own-passkey")
    page.goto(f"{url}/account/people")
    look_at(page, "people")

    # Somebody else.
    page.fill("#name", "Bo")
    page.check("input[value=trainee]")
    page.uncheck("input[value=guider]")
    page.click("button.main")
    start = page.locator("#start").inner_text()
    look_at(page, "started")
    page.click("a.main")
    page.get_by_role("link", name="Change Bo").click()
    look_at(page, "person")

    # Signing in again asks for the device, and only then the house is open to her.
    page.context.clear_cookies()
    page.goto(url)
    look_at(page, "sign-in-names")
    page.fill("#name", "ann example")
    page.fill("#secret", PASSPHRASE)
    page.click("button.main")
    expect(page.get_by_role("heading", name="Second step")).to_be_visible()
    look_at(page, "second-device")
    page.goto(f"{url}/settings")
    expect(page).to_have_url(re.compile("/account/sign-in$"))
    page.goto(f"{url}/account/second")
    page.click("[data-device=known]")
    inside(page)
    page.goto(f"{url}/settings")
    expect(page.get_by_text("Second step: 1 passkey")).to_be_visible()
    expect(page.get_by_role("link", name="Add or change people")).to_be_visible()
    page.wait_for_timeout(1500)
    look_at(page, "settings")

    # The other person: a start passphrase that must go, and a second step by codes if he likes.
    page.context.clear_cookies()
    page.goto(url)
    page.fill("#name", "Bo")
    page.fill("#secret", start)
    page.click("button.main")
    expect(page.get_by_role("heading", name="Choose your own passphrase")).to_be_visible()
    look_at(page, "start")
    page.fill("#passphrase", OWN)
    page.fill("#again", OWN)
    page.click("button.main")
    inside(page)
    page.goto(f"{url}/account/own/codes")
    look_at(page, "codes")
    page.fill("#code", code(shown_secret(page), time.time()))
    page.click("button.main")
    spare = page.locator(".spares li").first.inner_text()
    look_at(page, "spares")
    page.context.clear_cookies()
    page.goto(url)
    page.fill("#name", "Bo")
    page.fill("#secret", OWN)
    page.click("button.main")
    look_at(page, "second-code")
    page.fill("#code", spare)
    page.click("button.main")
    inside(page)
    page.goto(f"{url}/account/own")
    expect(page.get_by_text("Printed codes left: 9")).to_be_visible()
    look_at(page, "own-codes")


def test_somebody_comes_in_through_their_organisation_from_a_foreign_page(
    page: Page, tmp_path: Path
) -> None:
    with running() as provider:
        settings = tmp_path / "service.toml"
        settings.write_text(
            f'issuer = "{provider.issuer}"\nclient_id = "{CLIENT}"\n'
            f'client_secret = "{SECRET}"\nname = "the Trust"\n'
        )
        with app(tmp_path / "vault", VIG_OIDC=str(settings)) as url:
            page.goto(url)
            page.fill("#passphrase", PASSPHRASE)
            page.fill("#again", PASSPHRASE)
            page.click("button.main")
            page.fill("#typed", page.locator("#code").inner_text())
            page.click("button.main")
            inside(page)

            page.goto(f"{url}/account/own")
            page.get_by_role("button", name="Link the Trust").click()
            look_at(page, "outside-there")
            page.get_by_role("link", name="Go on").click()
            expect(page.get_by_text("Linked to your account")).to_be_visible()
            look_at(page, "own-linked")

            other = page.context.browser.new_context()  # the first one keeps the house open
            other.set_default_timeout(60_000)
            second = other.new_page()
            second.goto(url)
            look_at(second, "sign-in-outside")
            second.get_by_role("button", name="Sign in with the Trust").click()
            second.get_by_role("link", name="Go on").click()
            inside(second)
            other.close()
            assert sum(asked.startswith("/authorize?") for asked in provider.asked) == 2


def test_a_key_that_was_not_set_up_here_opens_nothing(page: Page, url: str) -> None:
    page.goto(url)
    page.fill("#name", "Ann Example")
    page.fill("#secret", PASSPHRASE)
    page.click("button.main")
    page.click("[data-device=known]")
    expect(page.locator("#device-says")).to_contain_text("No device answered")
    page.goto(url)
    expect(page).to_have_url(re.compile("/account/sign-in$"))
