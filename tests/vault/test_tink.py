"""The same format as Tink's: its published vectors, and the `tink` package both ways.

The vectors are those of `AesGcmHkdfStreamingTest` and its test utilities in Tink for Java
(Apache-2.0), which use smaller segments, other hashes and shorter keys than this tool does.
"""

from __future__ import annotations

import io
import json
import os
from pathlib import Path
from typing import Any

import pytest
import tink
from cryptography.hazmat.primitives import hashes
from tink import secret_key_access, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2, common_pb2, tink_pb2

from vig.vault.layout import HEADER_BYTES, Layout
from vig.vault.stream import SealedReader, SealedWriter, seal, unseal

VECTORS = json.loads(Path(__file__).with_name("tink_vectors.json").read_text())
KEY, OWNER, OBJECT = os.urandom(32), os.urandom(16), os.urandom(16)
CASES = [
    (segment, size)
    for segment in (2**12, 2**16, 2**18, 2**20)
    for size in sorted(
        {
            0,
            1,
            *(
                Layout(segment).first_room + n * Layout(segment).room + d
                for n in (0, 1, 2)
                for d in (-1, 0, 1)
            ),
        }
    )
]


class Kept(io.BytesIO):
    """Stays readable: Tink closes what it has written to."""

    def close(self) -> None:
        return None


def stock_tink(key: bytes, segment: int) -> Any:
    """Tink's own primitive for our parameters, from nothing but the key."""
    streaming_aead.register()
    described = aes_gcm_hkdf_streaming_pb2.AesGcmHkdfStreamingKey(version=0, key_value=key)
    described.params.ciphertext_segment_size = segment
    described.params.derived_key_size = 32
    described.params.hkdf_hash_type = common_pb2.SHA256
    keyset = tink_pb2.Keyset(primary_key_id=1)
    entry = keyset.key.add()
    entry.key_id, entry.status, entry.output_prefix_type = 1, tink_pb2.ENABLED, tink_pb2.RAW
    entry.key_data.type_url = "type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey"
    entry.key_data.value = described.SerializeToString()
    entry.key_data.key_material_type = tink_pb2.KeyData.SYMMETRIC
    handle = tink.proto_keyset_format.parse(keyset.SerializeToString(), secret_key_access.TOKEN)
    return handle.primitive(streaming_aead.StreamingAead)


def parts(vector: dict[str, Any]) -> tuple[Layout, bytes, bytes, bytes, bytes]:
    layout = Layout(vector["seg"], 0, vector["dk"], getattr(hashes, vector["h"]))
    return layout, *(bytes.fromhex(vector[name]) for name in ("key", "aad", "pt", "ct"))


def test_there_are_eight_published_vectors() -> None:
    assert len(VECTORS) == 8


@pytest.mark.parametrize("vector", VECTORS)
def test_a_published_vector_opens(vector: dict[str, Any]) -> None:
    layout, key, associated, plain, sealed = parts(vector)
    reader = SealedReader(io.BytesIO(sealed), layout, key, associated, len(sealed))
    assert reader.read() == plain


@pytest.mark.parametrize("vector", VECTORS)
def test_a_published_vector_is_written_to_the_byte(vector: dict[str, Any]) -> None:
    layout, key, associated, plain, sealed = parts(vector)
    salt, prefix = sealed[1 : 1 + layout.key_size], sealed[1 + layout.key_size :][:7]
    raw = io.BytesIO()
    writer = SealedWriter(raw, layout, key, associated, salt=salt, prefix=prefix)
    writer.write(plain)
    writer.finish()
    assert raw.getvalue() == sealed


@pytest.mark.parametrize(("segment", "size"), CASES)
def test_stock_tink_opens_what_lies_behind_our_header(segment: int, size: int) -> None:
    plain, raw = os.urandom(size), io.BytesIO()
    writer = seal(raw, KEY, OWNER, OBJECT, segment=segment)
    writer.write(plain)
    writer.finish()
    header, stream = raw.getvalue()[:HEADER_BYTES], raw.getvalue()[HEADER_BYTES:]
    assert (
        stock_tink(KEY, segment).new_decrypting_stream(io.BytesIO(stream), header).read() == plain
    )


@pytest.mark.parametrize(("segment", "size"), CASES)
def test_a_stream_of_stock_tink_opens_behind_our_header(segment: int, size: int) -> None:
    plain, empty, stream = os.urandom(size), io.BytesIO(), Kept()
    seal(empty, KEY, OWNER, OBJECT, segment=segment).finish()
    header = empty.getvalue()[:HEADER_BYTES]
    with stock_tink(KEY, segment).new_encrypting_stream(stream, header) as tinks:
        tinks.write(plain)
    sealed = header + stream.getvalue()
    assert unseal(io.BytesIO(sealed), KEY, OWNER, OBJECT).read() == plain
    assert len(sealed) == Layout(segment, HEADER_BYTES).sealed_size(size)


def test_a_rewritten_head_is_nothing_special_to_stock_tink() -> None:
    plain, raw = bytearray(os.urandom(20_000)), io.BytesIO()
    writer = seal(raw, KEY, OWNER, OBJECT, head=5_000, segment=2**12)
    writer.write(bytes(5_000) + plain[5_000:])
    writer.seek(0)
    writer.write(plain[:5_000])
    writer.finish()
    header, stream = raw.getvalue()[:HEADER_BYTES], raw.getvalue()[HEADER_BYTES:]
    assert stock_tink(KEY, 2**12).new_decrypting_stream(io.BytesIO(stream), header).read() == plain
