"""How values lie in DBOS's tables: JSON sealed with AES-256-GCM, never pickle.

DBOS pickles by default, and then whoever can write to the database can run code in the worker.
Here a value is ``nonce (12) | ciphertext and tag`` in base64 of compact JSON; an exception becomes
the ``Failure`` it stands for, so no message of a foreign library is stored. Random nonces under one
key are safe for far more values than a vault will ever hold (2^32, NIST SP 800-38D 8.3).
DBOS does not tell a serializer which row it writes, so values are bound to the vault, not to a row;
on one machine SQLCipher authenticates the pages around them.
"""

from __future__ import annotations

import base64
import json
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from vig.app.jobs import Failure

_CONTEXT = b"vig jobs value v1"
_FAILURE = "\u0000failure"


class Recorded(Exception):
    """An exception as it comes back from the database."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.kind)
        self.failure = failure


class SealedJson:
    """Has the shape of ``dbos.Serializer`` (which mypy cannot see, hence no base class)."""

    def __init__(self, key: bytes) -> None:
        if len(key) != 32:
            raise ValueError("the key of the jobs has 32 bytes")
        self._box = AESGCM(key)

    def __repr__(self) -> str:
        return "SealedJson(...)"

    def name(self) -> str:
        return "vig-sealed-json-1"

    def serialize(self, data: object) -> str:
        if isinstance(data, Recorded):
            data = {_FAILURE: data.failure.to_json()}
        elif isinstance(data, BaseException):
            data = {_FAILURE: Failure.of(data).to_json()}
        nonce = os.urandom(12)
        plain = json.dumps(data, separators=(",", ":")).encode()
        return base64.b64encode(nonce + self._box.encrypt(nonce, plain, _CONTEXT)).decode("ascii")

    def deserialize(self, serialized_data: str) -> object:
        held = base64.b64decode(serialized_data)
        data = json.loads(self._box.decrypt(held[:12], held[12:], _CONTEXT))
        if isinstance(data, dict) and _FAILURE in data:
            return Recorded(Failure.from_json(data[_FAILURE]))
        return data
