"""Who may reach the server: this computer alone, or others on the network once there is TLS."""

from __future__ import annotations

from typing import Any

from vig.app.network import in_address, named
from vig.web.porch import LOCAL_HOSTS


def allowed(names: str, certificate: object) -> dict[str, Any]:
    """``hosts`` and ``loopback_only`` of the porch, from ``VIG_HOSTS`` and Streamlit's certificate.

    Without a certificate nobody else is let in, whatever the names say: a film would cross the
    network readable by anybody on it.
    """
    further = [named(name) for name in names.split(",") if name.strip()]
    if not further or not certificate:
        return {"hosts": LOCAL_HOSTS, "loopback_only": True}
    return {"hosts": LOCAL_HOSTS | {in_address(n) for n in further}, "loopback_only": False}
