"""Everything that stands around the Streamlit pages, put together for ``st.App``."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from vig.app import passphrases
from vig.app.house import secret_of_kind
from vig.web import account, media, upload
from vig.web.gate import Gate
from vig.web.porch import Porch

if TYPE_CHECKING:
    from vig.app.house import House

log = logging.getLogger("vig.web")

LOOK_EVERY = 5.0
"""Seconds between looks at whether everybody has gone."""

SIGN_EVERY = 3600.0
"""Seconds between two signatures under the audit log: what was cut off since the last one is not
missed, hence an hour at most (requirement 22)."""


def around(house: House, assets: Mapping[str, Path], porch: Porch | None = None) -> dict[str, Any]:
    """Keyword arguments for ``st.App``: ``routes``, ``middleware`` and ``lifespan``.

    ``assets`` maps a folder name under ``/assets/`` to a folder of program files; they are
    served to anybody, so nothing of a family's may be in them.
    """
    porch = porch or Porch(house)
    own = Path(str(files("vig.web"))) / "assets"
    mounts: list[BaseRoute] = [
        Mount(f"/assets/{name}", ProgramFiles(directory=folder))
        for name, folder in {"web": own, **assets}.items()
    ]
    routes: list[BaseRoute] = [
        Route("/healthz", _healthy),
        Route("/library", _library),
        *account.routes(porch),
        *media.routes(porch),
        *upload.routes(porch),
        *mounts,
    ]

    @asynccontextmanager
    async def lifespan(app: object) -> AsyncIterator[None]:
        watch = asyncio.create_task(_keep_watch(porch))
        try:
            yield
        finally:
            watch.cancel()
            with suppress(asyncio.CancelledError):
                await watch
            await anyio.to_thread.run_sync(porch.lock)
            await anyio.to_thread.run_sync(house.close)

    return {
        "routes": routes,
        "middleware": [Middleware(Gate, porch=porch)],
        "lifespan": lifespan,
    }


def keep_open(porch: Porch, key_file: Path) -> None:
    """Open the house with a key file and keep it so: a server whose operator holds the key.

    From now on new passphrases are known by a hash and are no way into the vault.
    """
    porch.house.unlock_with(secret_of_kind("keyfile", str(key_file)))
    passphrases.serve(porch.house.workspace)
    porch.kept_open = True


class ProgramFiles(StaticFiles):
    """Files for the browser by their ending; the Python beside them is not served."""

    KINDS = frozenset({".js", ".css", ".svg", ".png", ".woff2"})

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        return super().lookup_path(path) if Path(path).suffix in self.KINDS else ("", None)

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        answer = super().file_response(*args, **kwargs)
        # Asked again each time, so that a newer version of this tool is never half in use.
        answer.headers["cache-control"] = "no-cache"
        return answer


async def _keep_watch(porch: Porch) -> None:
    """Lock when everybody has gone, and sign the audit log while somebody is here."""
    signed = porch.clock()
    while True:
        await asyncio.sleep(LOOK_EVERY)
        try:
            await anyio.to_thread.run_sync(porch.lock_if_left)
            if porch.clock() - signed >= SIGN_EVERY:
                await anyio.to_thread.run_sync(porch.house.sign_log)
                signed = porch.clock()
        except Exception as error:
            # The watch goes on: a lock that failed once must be tried again.
            log.error("keeping watch: %s", type(error).__name__)


async def _library(request: Request) -> Response:
    """Streamlit knows its first page by the bare address only, and says "Page not found" here."""
    return RedirectResponse("/", 303)


async def _healthy(request: Request) -> Response:
    return PlainTextResponse("ok")
