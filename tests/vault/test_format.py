"""docs/VAULT-FORMAT.md is enough: a reader written from the page alone opens the frozen vault.

Nothing of vig is imported here but the sizes to check the page's counts against. If this file
must change, the format has changed, and that needs a new version.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import io
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from vig.vault.layout import Layout
from vig.vault.stream import sealed_size

PAGE = (Path(__file__).parents[2] / "docs" / "VAULT-FORMAT.md").read_text(encoding="utf-8")
FROZEN = Path(__file__).with_name("frozen") / "v1"
EXPECTED: dict[str, Any] = json.loads((FROZEN / "expected.json").read_text(encoding="utf-8"))
VAULT: dict[str, Any] = json.loads((FROZEN / "vault.json").read_text(encoding="utf-8"))
HPKE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
DIGITS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=salt, info=info).derive(key)


def canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def unbox(key: bytes, box: bytes, bound: bytes) -> bytes:
    return AESGCM(key).decrypt(box[:12], box[12:], bound)


def slot_key(slot: dict[str, Any]) -> bytes:
    settings, kind = slot["settings"], slot["kind"]
    salt = base64.b64decode(settings["salt"])
    if kind == "passphrase":
        text = unicodedata.normalize("NFC", EXPECTED["passphrase"])
        text = "".join(" " if unicodedata.category(c) == "Zs" else c for c in text)
        costs = (settings["passes"], settings["lanes"], settings["memory_kib"])
        argon = Argon2id(
            salt=salt, length=32, iterations=costs[0], lanes=costs[1], memory_cost=costs[2]
        )
        return argon.derive(text.encode())
    if kind == "recovery":
        number = 0
        for digit in EXPECTED["recovery_code"].replace("-", ""):
            number = number * 32 + DIGITS.index(digit)
        code = number.to_bytes(35, "big")
        secret = code[:32]
        assert hashlib.sha256(b"vig recovery check v1" + secret).digest()[:3] == code[32:]
    else:
        secret = bytes.fromhex((FROZEN / "key-file").read_text().split()[1])
    return hkdf(secret, salt, b"vig slot key v1\0" + kind.encode())


def keys(slot: dict[str, Any]) -> tuple[dict[int, bytes], bytes]:
    """Master keys by version, and the root."""
    vault_id = VAULT["vault_id"]
    named = {name: slot[name] for name in ("id", "kind", "made_at", "settings", "public")}
    bound = b"vig slot v1\0" + canonical({"vault": vault_id, **named})
    inside = unbox(slot_key(slot), base64.b64decode(slot["sealed"]), bound)
    private, veil = X25519PrivateKey.from_private_bytes(inside[:32]), inside[32:]
    assert private.public_key().public_bytes_raw() == base64.b64decode(slot["public"])
    masters = {}
    for master in VAULT["masters"]:
        bound = b"vig master key v1\0" + canonical([vault_id, slot["id"], master["version"]])
        box = base64.b64decode(master["sealed"][slot["id"]])
        masters[master["version"]] = HPKE.decrypt(unbox(veil, box, bound), private, bound)
    salt, current = bytes.fromhex(vault_id), masters[VAULT["current"]]
    wrap = hkdf(current, salt, b"vig root wrap v1")
    bound = b"vig root v1\0" + canonical([vault_id, VAULT["current"]])
    root = unbox(wrap, base64.b64decode(VAULT["root"]), bound)
    assert veil == hkdf(root, salt, b"vig veil v1")
    signed = canonical({name: value for name, value in VAULT.items() if name != "mac"})
    mac = hmac.digest(hkdf(current, salt, b"vig vault file mac v1"), signed, "sha256")
    assert mac == base64.b64decode(VAULT["mac"])
    return masters, root


def data_key(row: dict[str, Any], masters: dict[int, bytes]) -> bytes:
    wrapped, vault = bytes.fromhex(row["wrapped"]), bytes.fromhex(VAULT["vault_id"])
    assert (len(wrapped), wrapped[0]) == (65, 1)
    master = masters[int.from_bytes(wrapped[1:5], "big")]
    bound = b"vig wrapped key v1\0" + vault + wrapped[1:5] + row["context"].encode()
    return unbox(hkdf(master, vault, b"vig key wrap v1"), wrapped[5:], bound)


def film(name: str, key: bytes) -> bytes:
    """An object's plaintext, segment by segment as the page tells it."""
    row, raw = EXPECTED["objects"][name], (FROZEN / "objects" / name).read_bytes()
    header, segment = raw[:128], 2 ** raw[6]
    assert header[:6] == b"VIGV\x01\x01"
    assert header[7:8] + header[72:] == bytes(57)
    assert header[8:24].hex() + header[24:40].hex() == row["owner"] + row["object_id"]
    assert header[40:72] == hkdf(key, header[24:40], b"vig dek commitment v1")
    assert raw[128] == 40
    cipher, prefix = AESGCM(hkdf(key, raw[129:161], header)), raw[161:168]
    edges = [168, *range(128 + segment, len(raw), segment), len(raw)]
    plain = b""
    for i in range(len(edges) - 1):
        last = b"\x01" if i == len(edges) - 2 else b"\x00"
        nonce = prefix + i.to_bytes(4, "big") + last
        plain += cipher.decrypt(nonce, raw[edges[i] : edges[i + 1]], None)
    return plain


@pytest.mark.parametrize("slot", VAULT["slots"], ids=lambda slot: slot["kind"])
def test_the_page_is_enough_to_open_the_vault_by_every_way_in(slot: dict[str, Any]) -> None:
    masters, root = keys(slot)
    assert sorted(masters) == EXPECTED["versions"]
    salt = bytes.fromhex(VAULT["vault_id"])
    for name, subkey in EXPECTED["subkeys"].items():
        assert hkdf(root, salt, b"vig subkey v1\0" + name.encode()).hex() == subkey


def test_the_page_is_enough_to_open_every_intact_object() -> None:
    masters, _ = keys(VAULT["slots"][0])
    intact = {n: row for n, row in EXPECTED["objects"].items() if row["outcome"] == "intact"}
    assert len(intact) >= 8
    for name, row in intact.items():
        plain = film(name, data_key(row, masters))
        assert hashlib.sha256(plain).hexdigest() == row["plain_sha256"]


def test_the_pages_way_with_stock_tink_works(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    masters, _ = keys(VAULT["slots"][0])
    row = EXPECTED["objects"]["ordinary-segments"]
    raw = (FROZEN / "objects" / "ordinary-segments").read_bytes()
    names: dict[str, Any] = {
        "data_key": data_key(row, masters),
        "open": lambda path, mode: io.BytesIO(raw) if (path, mode) == ("objects/<id>", "rb") else 0,
    }
    exec(code, names)
    assert hashlib.sha256(names["film"]).hexdigest() == row["plain_sha256"]


# ── the counts ───────────────────────────────────────────────────────────────────────────────


def numbers(text: str) -> list[int]:
    return [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", text)]


def test_the_worked_counts_are_right() -> None:
    table = PAGE.split("### Worked counts")[1].split("### ")[0]
    rows = [numbers(line) for line in table.splitlines() if re.match(r"\| \d", line)]
    layout = Layout(lead=128)
    assert len(rows) == 9
    for plain, segments, sealed, added in rows:
        assert (layout.segments_for(plain), sealed_size(plain)) == (segments, sealed)
        assert sealed - plain == added


def test_the_worked_places_are_right() -> None:
    text = " ".join(PAGE.split("### Worked counts")[1].split("### ")[0].split())
    layout = Layout(lead=128)
    first, other = numbers(re.findall(r"A first segment holds .*? every other [\d,]+", text)[0])
    assert (first, other) == (layout.first_room, layout.room)
    assert f"from {first:,} on lies in segment `1 + (p - {first}) // {other}`" in text
    at, offset, segment, start = numbers(
        re.findall(r"Byte [\d,]+ is byte .*? of segment .*? begins at byte [\d,]+", text)[0]
    )
    assert layout.place(at) == (segment, offset)
    assert layout.start(segment) == start


def test_the_pictures_edges_are_right() -> None:
    layout = Layout(lead=128)
    assert numbers(PAGE.split("```")[3].splitlines()[1]) == [
        0,
        128,
        layout.start(0),
        layout.start(1),
        layout.start(2),
    ]
