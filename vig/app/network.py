"""What it takes to be reached from other devices: a certificate, its key and the names it is for.

``vig serve`` says it in two ways: to the server that Streamlit runs by its own settings, to our gate
by ``VIG_HOSTS`` (``vig/web/reach.py``).
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from vig.errors import BadValue

NAMES = "VIG_HOSTS"
"""The environment's variable with the further names, separated by commas."""

EVERYWHERE = "0.0.0.0"  # noqa: S104  (asked for by name, and behind a certificate)

_NAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*"
)


@dataclass(frozen=True, slots=True)
class Network:
    """What it takes to be reached from other devices."""

    certificate: Path
    """PEM: the server's certificate, and those between it and its root."""
    key: Path
    names: tuple[str, ...]
    """What browsers call this server: host names or addresses, lower case."""

    @classmethod
    def of(cls, certificate: Path, key: Path, names: tuple[str, ...]) -> Network:
        """Checked: the key belongs to the certificate, and that is for every name. BadValue."""
        wanted = tuple(dict.fromkeys(named(name) for name in names))
        if not wanted:
            raise BadValue(what="Say with --host what other devices call this computer.")
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password="")
            held = _names_in(x509.load_pem_x509_certificate(certificate.read_bytes()))
        except (OSError, ValueError):
            raise BadValue(
                what="The certificate and its key cannot be used: both in PEM, the key without a "
                "passphrase, and made for each other."
            ) from None
        for name in wanted:
            if not any(_covers(pattern, name) for pattern in held):
                raise BadValue(what=f"The certificate is not for {name}.")
        return cls(certificate, key, wanted)

    def options(self, port: int) -> list[str]:
        """The options of ``streamlit run``."""
        made = ["--server.address", EVERYWHERE, "--browser.serverAddress", self.names[0]]
        made += [
            "--server.sslCertFile",
            str(self.certificate),
            "--server.sslKeyFile",
            str(self.key),
        ]
        for name in ("localhost", "127.0.0.1", *self.names):
            made += ["--server.allowedHosts", name]
        for name in self.names:
            made += ["--server.corsAllowedOrigins", f"https://{in_address(name)}:{port}"]
        return made

    def environment(self) -> dict[str, str]:
        """What our gate must know."""
        return {NAMES: ",".join(self.names)}


def named(name: str) -> str:
    """A host name or address as it is compared. BadValue."""
    plain = name.strip().strip("[]").rstrip(".").lower()
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        if not _NAME.fullmatch(plain):
            raise BadValue(what="A name is one such as laptop.local, or an address.") from None
    return plain


def in_address(name: str) -> str:
    """As it stands in an address and in a Host header."""
    return f"[{name}]" if ":" in name else name


def _names_in(certificate: x509.Certificate) -> list[str]:
    try:
        held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return []
    addresses = [str(each) for each in held.get_values_for_type(x509.IPAddress)]
    return [*(name.lower() for name in held.get_values_for_type(x509.DNSName)), *addresses]


def _covers(pattern: str, name: str) -> bool:
    if pattern.startswith("*."):
        return "." in name and name.split(".", 1)[1] == pattern[2:]
    return pattern == name
