"""The app for other devices: over an encrypted line and under its own names, or not at all."""

from __future__ import annotations

import http.client
import ipaddress
import os
import signal
import socket
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from vig.app.network import Network
from vig.errors import BadValue
from vig.web.porch import LOCAL_HOSTS
from vig.web.reach import allowed


def certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """A certificate for these names, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    called = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([*map(_name, names)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(made.public_bytes(pem))
    (folder / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def _name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def test_a_certificate_is_taken_for_the_names_it_is_for(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path, "laptop.local", "*.clinic.example", "192.168.1.20")
    taken = Network.of(cert, key, ("LAPTOP.local", "vig.clinic.example", "192.168.1.20"))
    assert taken.names == ("laptop.local", "vig.clinic.example", "192.168.1.20")
    options = taken.options(8501)
    assert options[options.index("--server.address") + 1] == "0.0.0.0"
    assert "https://laptop.local:8501" in options
    for wrong in ("other.local", "a.b.clinic.example", "clinic.example", "192.168.1.21"):
        with pytest.raises(BadValue, match="not for"):
            Network.of(cert, key, (wrong,))
    for spoilt in ("http://laptop.local", "laptop local", "", "-x"):
        with pytest.raises(BadValue, match="A name is"):
            Network.of(cert, key, (spoilt,))
    with pytest.raises(BadValue, match="--host"):
        Network.of(cert, key, ())


def test_a_certificate_with_another_key_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cert, _ = certificate(tmp_path, "laptop.local")
    _, key = certificate(tmp_path / "other", "laptop.local")
    with pytest.raises(BadValue, match="made for each other"):
        Network.of(cert, key, ("laptop.local",))
    with pytest.raises(BadValue, match="PEM"):
        Network.of(key, key, ("laptop.local",))


def test_without_a_certificate_nobody_else_is_let_in_whatever_the_names_say() -> None:
    alone = {"hosts": LOCAL_HOSTS, "loopback_only": True}
    assert allowed("laptop.local", None) == alone
    assert allowed("", "cert.pem") == alone
    opened = allowed("laptop.local,fd00::1", "cert.pem")
    assert opened == {"hosts": LOCAL_HOSTS | {"laptop.local", "[fd00::1]"}, "loopback_only": False}


@pytest.mark.parametrize("given", [("--host", "laptop.local"), ("--cert", "cert.pem")])
def test_other_devices_are_not_let_in_by_halves(tmp_path: Path, given: tuple[str, ...]) -> None:
    certificate(tmp_path, "laptop.local")
    done = subprocess.run(
        [sys.executable, "-m", "vig", "serve", "--no-browser", *given],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "encrypted line only" in done.stderr


def test_another_device_reaches_it_under_its_name_over_an_encrypted_line(
    tmp_path: Path,
) -> None:
    cert, key = certificate(tmp_path, "laptop.local")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "vig", "serve", "--no-browser", "--port", str(port)]
    served = subprocess.Popen(
        [*command, "--cert", str(cert), "--key", str(key), "--host", "laptop.local"],
        env={**os.environ, "VIG_HOME": str(tmp_path / "vault")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert served.stdout is not None
        said = ""  # Streamlit's own words come before ours
        while f"Other devices: https://laptop.local:{port}" not in said:
            line = served.stdout.readline()
            assert line, said
            said += line
        assert f"The app is open at https://localhost:{port}" in said
        away = _address_of_this_machine()
        assert _status(away, port, cert, "laptop.local") == 200
        assert _status(away, port, cert, "evil.example") == 421
        assert _status("127.0.0.1", port, cert, "localhost") == 200
        plain = http.client.HTTPConnection(away, port, timeout=20)
        plain.request("GET", "/healthz")
        with pytest.raises((http.client.HTTPException, OSError)):
            plain.getresponse()
    finally:
        served.send_signal(signal.SIGTERM)
        served.communicate(timeout=40)


def _address_of_this_machine() -> str:
    """An address that is not the loopback's, so that it is another device that asks."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing
            return str(probe.getsockname()[0])
        except OSError:
            return "127.0.0.2"


def _status(address: str, port: int, cert: Path, name: str) -> int:
    trust = ssl.create_default_context(cafile=str(cert))
    line = socket.create_connection((address, port), timeout=30)
    with trust.wrap_socket(line, server_hostname="laptop.local") as sealed:
        sealed.sendall(
            f"GET /healthz HTTP/1.1\r\nHost: {name}:{port}\r\nConnection: close\r\n\r\n".encode()
        )
        return int(sealed.recv(64).split()[1])


def test_limits_are_shown_and_set(
    vig_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VIG_PASSPHRASE", "seven quiet herons by the water")

    def vig(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "vig", *words], capture_output=True, text=True, check=True
        )
        return done.stdout

    vig("init", "--yes", "--recovery-out", str(tmp_path / "code.txt"))
    assert "The vault: up to what the disk holds" in vig("limits")
    said = vig("limits", "--film", "4", "--vault", "200")
    assert "One film: up to 4 GB" in said
    assert "The vault: up to 200 GB" in said
    assert "what the disk holds" in vig("limits", "--vault", "0")
