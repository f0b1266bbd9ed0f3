"""A sealed value opens in its own place and nowhere else."""

from __future__ import annotations

import random

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from tests.catalogue.making import annotation, clip, moment, stocked
from vig.catalogue import AnalysisState, Catalogue, rows
from vig.catalogue.sealed import FieldCipher, Sealed
from vig.errors import Tampered

CIPHER = FieldCipher({1: b"1" * 32})
PLACE = ("micro_clip", "note", "ab" * 16)

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(values)
def test_what_goes_in_comes_out(value: object) -> None:
    assert CIPHER.open(*PLACE, CIPHER.seal(*PLACE, value)) == value


@given(st.text(min_size=1))
def test_the_same_value_never_looks_the_same(value: str) -> None:
    assert CIPHER.seal(*PLACE, value) != CIPHER.seal(*PLACE, value)


def test_every_flipped_bit_is_refused() -> None:
    sealed = CIPHER.seal(*PLACE, "She looks up.")
    for bit in range(8 * len(sealed)):
        changed = bytearray(sealed)
        changed[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Tampered):
            CIPHER.open(*PLACE, bytes(changed))


def test_every_cut_and_every_addition_is_refused() -> None:
    sealed = CIPHER.seal(*PLACE, "She looks up.")
    for length in range(len(sealed)):
        with pytest.raises(Tampered):
            CIPHER.open(*PLACE, sealed[:length])
    with pytest.raises(Tampered):
        CIPHER.open(*PLACE, sealed + b"\0")


@pytest.mark.parametrize(
    "other",
    [
        ("annotation", "note", "ab" * 16),
        ("micro_clip", "title", "ab" * 16),
        ("micro_clip", "note", "cd" * 16),
    ],
)
def test_another_table_column_or_row_is_refused(other: tuple[str, str, str]) -> None:
    with pytest.raises(Tampered):
        CIPHER.open(*other, CIPHER.seal(*PLACE, "She looks up."))


def test_the_bytes_are_those_of_the_written_format() -> None:
    """version | nonce | AES-256-GCM under a key of the column, bound to the place; by hand here."""
    import json

    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    sealed = CIPHER.seal(*PLACE, {"a": [1, "ä"]})
    key = HKDF(SHA256(), 32, None, b"vig field v1|micro_clip.note").derive(b"1" * 32)
    place = f"micro_clip|note|{PLACE[2]}|1".encode()
    assert sealed[0] == 1
    assert json.loads(AESGCM(key).decrypt(sealed[1:13], sealed[13:], place)) == {"a": [1, "ä"]}


def test_another_key_is_refused() -> None:
    with pytest.raises(Tampered):
        FieldCipher({1: b"2" * 32}).open(*PLACE, CIPHER.seal(*PLACE, "She looks up."))


def test_an_older_key_still_opens_what_it_sealed_and_the_newest_one_seals() -> None:
    old = CIPHER.seal(*PLACE, "before")
    both = FieldCipher({1: b"1" * 32, 2: b"2" * 32})
    new = both.seal(*PLACE, "after")
    assert (both.open(*PLACE, old), both.open(*PLACE, new)) == ("before", "after")
    assert (old[0], new[0]) == (1, 2)
    with pytest.raises(Tampered):
        CIPHER.open(*PLACE, new)
    with pytest.raises(Tampered):
        both.open(*PLACE, b"\2" + old[1:])


@given(st.text(), st.text())
def test_a_blind_index_is_equal_for_equal_text_only(one: str, other: str) -> None:
    same = CIPHER.blind("account", "name", one) == CIPHER.blind("account", "name", one + " ")
    assert same
    if one.strip().casefold() != other.strip().casefold():
        differs = CIPHER.blind("account", "name", one), CIPHER.blind("account", "name", other)
        # Full-width and composed forms of one letter count as one.
        assert differs[0] != differs[1] or one.isascii() is False or other.isascii() is False


def test_a_blind_index_tells_nothing_across_columns_and_vaults() -> None:
    blind = CIPHER.blind("account", "name", "Ann")
    assert blind != CIPHER.blind("family", "name", "Ann")
    assert blind != FieldCipher({1: b"2" * 32}).blind("account", "name", "Ann")
    assert blind == FieldCipher({1: b"1" * 32, 2: b"2" * 32}).blind("account", "name", "ANN")


def test_the_cipher_prints_no_key() -> None:
    assert repr(CIPHER) == "<FieldCipher>"


# --- in the database, on both


def test_every_column_for_a_persons_words_is_sealed() -> None:
    """The list a data-protection officer looks at; a new column must be put on one side."""
    sealed = {
        f"{kind.__tablename__}.{name}"
        for kind in (mapper.class_ for mapper in rows.Row.registry.mappers)
        for name, value in vars(kind).items()
        if isinstance(value, Sealed)
    }
    assert sealed == {
        "account.codes",
        "account.name",
        "account.password_hash",
        "account.subject",
        "account_passkey.credential",
        "account_passkey.name",
        "account_passkey.public",
        "annotation.words",
        "consent_ruling.agreed_by",
        "family.carer_word",
        "family.names",
        "family.notes",
        "micro_clip.note",
        "micro_clip.question",
        "kept_version.state",
        "review_item.value",
        "deed.told",
        "micro_clip.title",
        "moment.evidence",
        "moment.reason",
        "recording.original_name",
        "sealed_object.sha256",
        "setting.value",
    }


def _two_clips(catalogue: Catalogue) -> tuple[str, str]:
    _, recording = stocked(catalogue)
    with catalogue.act("cli", "clip.keep") as act:
        one = act.add_clip(clip(recording.id, "one", "first note"))
        two = act.add_clip(clip(recording.id, "two", "second note"))
        act.add_annotation(annotation(recording.id))
    return one.id, two.id


def _set(catalogue: Catalogue, table: str, column: str, row_id: str, value: bytes) -> None:
    kind = rows.Row.metadata.tables[table]
    with catalogue._engine.begin() as sneaky:
        sneaky.execute(sa.update(kind).where(kind.c.id == row_id).values({column: value}))


def _get(catalogue: Catalogue, table: str, column: str, row_id: str) -> bytes:
    kind = rows.Row.metadata.tables[table]
    with catalogue._engine.begin() as sneaky:
        found = sneaky.scalar(sa.select(kind.c[column]).where(kind.c.id == row_id))
    assert found
    return bytes(found)


def test_values_exchanged_between_rows_columns_or_tables_are_refused(catalogue: Catalogue) -> None:
    one, two = _two_clips(catalogue)
    (remark,) = catalogue.annotations(catalogue.clip(one).recording)
    title = _get(catalogue, "micro_clip", "title_ct", one)
    others = [
        _get(catalogue, "micro_clip", "title_ct", two),
        _get(catalogue, "micro_clip", "note_ct", one),
        _get(catalogue, "annotation", "words_ct", remark.id),
    ]
    for other in others:
        _set(catalogue, "micro_clip", "title_ct", one, other)
        with pytest.raises(Tampered):
            catalogue.clip(one)
        assert [f.what for f in catalogue.integrity_check()] == [
            "a value in micro_clip.title does not open"
        ]
    _set(catalogue, "micro_clip", "title_ct", one, title)
    assert catalogue.clip(one).title == "one"
    assert catalogue.integrity_check() == ()


def test_flipped_bits_are_refused_in_the_database(catalogue: Catalogue) -> None:
    one, _ = _two_clips(catalogue)
    note = _get(catalogue, "micro_clip", "note_ct", one)
    rng = random.Random(14)
    for bit in rng.sample(range(8 * len(note)), 12):
        changed = bytearray(note)
        changed[bit // 8] ^= 1 << bit % 8
        _set(catalogue, "micro_clip", "note_ct", one, bytes(changed))
        with pytest.raises(Tampered):
            catalogue.clip(one)


def test_a_moments_reason_and_evidence_are_not_readable_in_the_table(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("worker", "film.analyse") as act:
        run = act.add_analysis(
            recording.id,
            software="0.1.0",
            models=[],
            settings_hash="ab",
            state=AnalysisState.DONE,
        )
        act.add_moments(run.id, [moment()])
    with catalogue._engine.begin() as sneaky:
        found = sneaky.execute(sa.select(rows.Row.metadata.tables["moment"])).one()
    assert b"receiving" in repr(found).encode()  # what is in clear is found, so the search works
    assert b"looks up" not in repr(found).encode()
