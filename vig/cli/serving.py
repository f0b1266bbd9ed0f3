"""Commands that open the app: on one's own vault, or on the sample films."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import webbrowser
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

import vig
from vig.cli import asking
from vig.errors import BadValue, SamplesOnly

if TYPE_CHECKING:
    from vig.app.network import Network

PATIENCE = 60.0
"""Seconds for the app to answer after it was started."""

_port = click.option("--port", type=click.IntRange(1024, 65535), default=8501, show_default=True)
_browser = click.option("--no-browser", is_flag=True, help="Do not open a browser.")


@click.command()
@_port
@_browser
@click.option(
    "--cert",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A certificate (PEM), to let other devices in. Needs --key and --host.",
)
@click.option(
    "--key",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The certificate's key (PEM).",
)
@click.option(
    "--host",
    "hosts",
    multiple=True,
    help="What other devices call this computer; may be given several times.",
)
def serve(
    port: int, no_browser: bool, cert: Path | None, key: Path | None, hosts: tuple[str, ...]
) -> None:
    """Open the app in the browser, for this computer only.

    With a certificate other devices on the network reach it too: a phone can then bring in its film
    itself, over an encrypted line.
    """
    from vig.app.network import Network

    network = None
    if cert is not None or key is not None or hosts:
        if cert is None or key is None:
            raise BadValue(
                what="Other devices are let in over an encrypted line only: give --cert, --key and "
                "--host together."
            )
        network = Network.of(cert.resolve(), key.resolve(), hosts)
    _serve(asking.home(), port, browser=not no_browser, network=network)


@click.command()
@click.option("--film", type=click.FloatRange(0, min_open=True), help="GB that one film may have.")
@click.option(
    "--vault", type=click.FloatRange(0), help="GB that the vault may hold; 0 for no limit."
)
def limits(film: float | None, vault: float | None) -> None:
    """Show, or set, how much may come in."""
    from vig.app import uploads

    with asking.opened() as house:
        ws = house.workspace
        now = uploads.limits(ws)
        if film is not None or vault is not None:
            now = uploads.Limits(
                film=now.film if film is None else round(film * 1e9),
                vault=now.vault if vault is None else round(vault * 1e9) or None,
            )
            uploads.set_limits(ws, now, house.opener)
        most = uploads.said(now.vault) if now.vault is not None else "what the disk holds"
        click.echo(f"One film: up to {uploads.said(now.film)}")
        click.echo(f"The vault: up to {most}; it holds {uploads.said(uploads.held(ws))}")


@click.command()
@_port
@_browser
@click.option("--no-serve", is_flag=True, help="Only prepare the films; do not open the app.")
@click.option(
    "--films",
    default="main,practice,split,hard",
    show_default=True,
    help="Which sample films, by name.",
)
def demo(port: int, no_browser: bool, no_serve: bool, films: str) -> None:
    """The app on rendered sample films, in a vault of its own (storage/demo).

    The first time each film is sealed and watched, which takes about as long as the films last
    (six minutes). The demonstration refuses any other film.
    """
    from vig.app import demo as samples

    home = asking.home() / "demo"
    if not no_serve and not _free(port):
        raise BadValue(
            what=f"Port {port} is taken. Name another one with --port (make run PORT=...)."
        )
    click.echo("Sample films only: they are rendered, and show no real people.")
    click.echo("Figures from them say nothing about how well real babies are seen.")
    click.echo(f"Passphrase of the demonstration: {samples.PASSPHRASE}")
    _prepare(home, [name.strip() for name in films.split(",") if name.strip()])
    if not no_serve:
        _serve(home, port, browser=not no_browser)


def _prepare(home: Path, names: list[str]) -> None:
    """Every sample film added and watched; what is there already is left as it is."""
    from vig.app import demo as samples

    house = asking.house(home)
    if house.state == "unfinished":
        house.start_over()
    if house.state == "none":
        samples.set_up(house)
    else:
        if not house.demo:
            raise SamplesOnly
        house.unlock(samples.PASSPHRASE)
    try:
        with asking.working(house) as ws:
            for name in names:
                with asking.shown(f"{name}: sealing and copying") as progress:
                    recording = samples.add(ws, name, progress)
                with asking.shown(f"{name}: watching") as progress:
                    found = samples.watched(ws, recording, progress)
                click.echo(f"{name}: {asking.suggestions(found)}")
    finally:
        house.lock()


def _serve(home: Path, port: int, *, browser: bool, network: Network | None = None) -> None:
    if not _free(port):
        raise BadValue(what=f"Port {port} is taken. Name another one with --port.")
    script = Path(vig.__file__).resolve().parents[1] / "streamlit_app.py"
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    environment = {**os.environ, "VIG_HOME": str(home)}
    if network is not None:
        command += network.options(port)
        environment |= network.environment()
    app = subprocess.Popen(command, cwd=script.parent, env=environment)
    address = f"{'http' if network is None else 'https'}://localhost:{port}"
    # Ended politely by a service or a closing terminal, the app must not live on without us.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if not _answers(address, app):
            raise BadValue(what="The app did not start. Run vig doctor to see what is missing.")
        click.echo(f"The app is open at {address} (Ctrl-C ends it).")
        for name in network.names if network is not None else ():
            click.echo(f"Other devices: https://{name}:{port}")
        if browser:
            with suppress(webbrowser.Error):
                webbrowser.open(address)
        app.wait()
    except KeyboardInterrupt:
        click.echo("Closing.")
    finally:
        _end(app)


def _end(app: subprocess.Popen[bytes]) -> None:
    if app.poll() is None:
        app.terminate()
        try:
            app.wait(15)
        except subprocess.TimeoutExpired:
            app.kill()
            app.wait()


def _answers(address: str, app: subprocess.Popen[bytes]) -> bool:
    # Our own server on this machine, whose certificate names it otherwise.
    any_name = ssl.create_default_context()
    any_name.check_hostname, any_name.verify_mode = False, ssl.CERT_NONE
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and app.poll() is None:
        with suppress(urllib.error.URLError, OSError):
            urllib.request.urlopen(f"{address}/healthz", timeout=2, context=any_name).close()  # noqa: S310  (ours)
            return True
        time.sleep(0.2)
    return False


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


COMMANDS = (serve, limits, demo)
