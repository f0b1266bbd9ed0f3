"""The file: never made anew by accident, damage said in words, copies whole, what is gone is gone."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from tests.catalogue.making import (
    FOOTAGE,
    KEYS,
    NOON,
    annotation,
    clip,
    film,
    moment,
    ruling,
    sealed,
    stocked,
)
from vig.catalogue import AnalysisState, Catalogue, CatalogueKeys, pages
from vig.catalogue.engine import connect
from vig.catalogue.pages import PAGE
from vig.domain.account import Office
from vig.domain.family import Purpose
from vig.errors import Conflict, NoVault, StorageError, Tampered, VaultExists, WrongKey

MARKER = "MARKERhidden7"


def whole(catalogue: Catalogue, path: Path) -> bytes:
    """The file's bytes with its log moved into it."""
    assert catalogue.purge()
    return path.read_bytes()


@pytest.mark.parametrize("which", ["database", "fields", "audit"])
def test_each_of_the_three_keys_must_fit(filed: Catalogue, path: Path, which: str) -> None:
    wrong = CatalogueKeys(
        **{
            name: b"x" * 32 if name == which else getattr(KEYS, name)
            for name in ("database", "fields", "audit")
        }
    )
    before = whole(filed, path)
    with pytest.raises(WrongKey):
        Catalogue.open(path, wrong)
    assert path.read_bytes() == before


def test_the_sealing_keys_must_fit_on_both(made: Path | str) -> None:
    for wrong in (
        CatalogueKeys(KEYS.database, b"x" * 32, KEYS.audit),
        CatalogueKeys(KEYS.database, KEYS.fields, b"x" * 32),
    ):
        with pytest.raises(WrongKey):
            Catalogue.open(made, wrong)


def test_a_wrong_key_prints_nothing(
    filed: Catalogue, path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(WrongKey):
        Catalogue.open(path, CatalogueKeys(b"x" * 32, KEYS.fields, KEYS.audit))
    assert capfd.readouterr() == ("", "")


def test_a_missing_file_is_not_made(path: Path) -> None:
    with pytest.raises(NoVault):
        Catalogue.open(path, KEYS)
    assert not path.exists()
    with pytest.raises(NoVault):
        connect(path, KEYS.database)
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"SQLite format 3\0" + bytes(4080)])
def test_a_file_that_is_not_sealed_is_refused_and_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(Tampered):
        Catalogue.open(path, KEYS)
    assert path.read_bytes() == content


def test_the_file_is_for_nobody_else_to_read(path: Path) -> None:
    with Catalogue.create(path, KEYS) as catalogue:
        stocked(catalogue)
        for file in path.parent.iterdir():
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name


def test_making_one_leaves_the_file_and_nothing_beside_it(path: Path) -> None:
    Catalogue.create(path, KEYS).close()
    assert os.listdir(path.parent) == [path.name]  # noqa: PTH208


# --- damage


def flipped(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def says_damaged(path: Path) -> bool:
    """Whether opening and checking says so, with the one error that means it."""
    try:
        with Catalogue.open(path, KEYS) as catalogue:
            return bool(catalogue.integrity_check())
    except Tampered:
        return True


def stocked_file(path: Path) -> None:
    with Catalogue.open(path, KEYS) as catalogue:
        for n in range(6):
            _, recording = stocked(catalogue, f"F-{n:03}")
            with catalogue.act("cli", "clip.keep") as act:
                for _ in range(8):
                    act.add_clip(clip(recording.id, note="A quiet minute. " * 20))
        assert catalogue.purge()


def test_a_damaged_first_page_is_told_from_a_wrong_key(filed: Catalogue, path: Path) -> None:
    filed.close()
    stocked_file(path)
    for at in (3, 20, 2000, PAGE - 1):
        flipped(path, at)
        with pytest.raises(Tampered, match="first page"):
            Catalogue.open(path, KEYS)
        with pytest.raises(WrongKey):
            Catalogue.open(path, CatalogueKeys(b"x" * 32, KEYS.fields, KEYS.audit))
        flipped(path, at)
    Catalogue.open(path, KEYS).close()


def test_a_damaged_page_anywhere_is_found_and_never_read_as_something_else(
    filed: Catalogue, path: Path, tmp_path: Path
) -> None:
    filed.close()
    stocked_file(path)
    count = path.stat().st_size // PAGE
    assert count > 30
    said = {Tampered: 0, "found": 0}
    rng = random.Random(4)
    for page in rng.sample(range(count), 12):
        broken = Path(shutil.copy(path, tmp_path / "broken.db"))
        flipped(broken, page * PAGE + rng.randrange(PAGE))
        try:
            with Catalogue.open(broken, KEYS) as catalogue:
                for family in catalogue.families():
                    for recording in catalogue.recordings(family.id):
                        assert len(catalogue.clips(recording.id)) == 8
                assert catalogue.integrity_check()
                said["found"] += 1
        except Tampered as error:
            said[Tampered] += "page" in str(error)
    assert sum(said.values()) == 12
    assert said[Tampered]


def test_a_sound_file_is_found_sound_while_others_write(filed: Catalogue) -> None:
    _, recording = stocked(filed)
    over = threading.Event()

    def writes() -> None:
        while not over.is_set():
            with filed.act("cli", "clip.keep") as act:
                act.add_clip(clip(recording.id, note="n" * 3000))
            filed.purge()

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        for _ in range(4):
            assert filed.integrity_check() == ()
    finally:
        over.set()
        writer.join()


def test_a_page_moved_to_another_place_is_found(
    filed: Catalogue, path: Path, tmp_path: Path
) -> None:
    filed.close()
    stocked_file(path)
    content = bytearray(path.read_bytes())
    content[8 * PAGE : 9 * PAGE] = content[9 * PAGE : 10 * PAGE]
    path.write_bytes(content)
    assert says_damaged(path)


def test_a_file_cut_short_is_said_to_be_damaged(filed: Catalogue, path: Path) -> None:
    filed.close()
    stocked_file(path)
    content = path.read_bytes()
    for length in (len(content) - PAGE, len(content) // 2, PAGE + 100, PAGE, 700, 1):
        path.write_bytes(content[:length])
        assert says_damaged(path), f"a file of {length} bytes was taken for whole"
        assert path.read_bytes()[:length] == content[:length]


def test_whatever_page_is_damaged_what_the_others_hold_is_saved(
    filed: Catalogue, path: Path, tmp_path: Path
) -> None:
    filed.close()
    stocked_file(path)
    count = path.stat().st_size // PAGE
    whole_rows: dict[str, int] | None = None
    rng = random.Random(14)
    for page in [None, *rng.sample(range(1, count), 14)]:
        broken = Path(shutil.copy(path, tmp_path / "broken.db"))
        if page is not None:
            flipped(broken, page * PAGE + rng.randrange(PAGE))
        before = broken.read_bytes()
        saved = tmp_path / f"saved{page}.db"
        try:
            kept = Catalogue.rescue(broken, KEYS, saved)
        except Tampered:
            continue  # the page with the list of tables: nothing can be found without it
        assert broken.read_bytes() == before
        whole_rows = whole_rows or kept
        lost = sum(whole_rows.values()) - sum(kept.values())
        assert 0 <= lost <= 48  # the top page of a table holds the way to all its rows
        with Catalogue.open(saved, KEYS) as catalogue:
            assert catalogue.integrity_check() == ()
            assert len(catalogue.recordings()) >= 6 - (whole_rows["recording"] - kept["recording"])
            said = catalogue.verify()
            assert bool(said) == (kept["audit"] < whole_rows["audit"]) or kept["audit_head"] == 0
            for recording in catalogue.recordings():
                for kept_clip in catalogue.clips(recording.id):
                    assert kept_clip.note == "A quiet minute. " * 20
    assert whole_rows
    assert whole_rows["micro_clip"] == 48
    assert len(list(tmp_path.glob("saved*"))) >= 12


def test_a_rescue_follows_the_log_and_takes_no_page_whose_seal_does_not_fit(
    filed: Catalogue, path: Path, tmp_path: Path
) -> None:
    family, recording = stocked(filed)
    with filed.act("cli", "consent.rule") as act:
        act.rule(family.id, ruling(allowed=False))
    log = path.with_name(path.name + "-wal")
    assert log.stat().st_size > PAGE  # all of it lies in the log still
    for name in (path, log):
        shutil.copy(name, tmp_path / f"copy{name.suffix}")
    assert (tmp_path / "copy.db-wal").exists()
    kept = Catalogue.rescue(tmp_path / "copy.db", KEYS, tmp_path / "saved.db")
    assert kept["recording"] == 1
    with Catalogue.open(tmp_path / "saved.db", KEYS) as saved:
        assert saved.recordings() == (recording,)
        assert [r.allowed for r in saved.rulings(family.id)] == [True, False]
        assert saved.verify() == ()
        assert saved.audit_rows()[-1].action == "catalogue.rescue"


def test_a_film_whose_family_was_lost_is_saved_under_a_made_up_pseudonym(
    filed: Catalogue, path: Path, tmp_path: Path
) -> None:
    family, recording = stocked(filed)
    with connect(path, KEYS.database) as sneaky:
        sneaky.execute("PRAGMA foreign_keys = OFF")
        sneaky.execute("DELETE FROM family")
    sneaky.close()
    Catalogue.rescue(path, KEYS, tmp_path / "saved.db")
    with Catalogue.open(tmp_path / "saved.db", KEYS) as saved:
        assert saved.recordings() == (recording,)
        assert saved.families()[0].pseudonym == f"rescued-{family.id[:8]}"
        assert not saved.permits(recording.id, Purpose.TRAINING, NOON.date())


def test_a_rescue_wants_the_key_a_file_and_a_free_name(
    filed: Catalogue, path: Path, tmp_path: Path
) -> None:
    stocked(filed)
    assert filed.purge()
    to = tmp_path / "saved.db"
    with pytest.raises(WrongKey):
        Catalogue.rescue(path, CatalogueKeys(b"x" * 32, KEYS.fields, KEYS.audit), to)
    with pytest.raises(NoVault):
        Catalogue.rescue(tmp_path / "nothing.db", KEYS, to)
    with pytest.raises(VaultExists):
        Catalogue.rescue(path, KEYS, path)
    flipped(path, 100)
    with pytest.raises(Tampered):
        Catalogue.rescue(path, KEYS, to)
    assert not to.exists()
    assert not list(tmp_path.glob("*.part"))


# --- nothing in clear


def write_marks_everywhere(catalogue: Catalogue) -> None:
    """Marker text in every field that takes a person's words."""
    with catalogue.act("cli", "film.add", reason=MARKER) as act:
        family = act.add_family(f"F {MARKER}", 23, carer_word=MARKER, notes=MARKER)
        act.change_family(family.id, names={MARKER: MARKER})
        act.rule(family.id, ruling(agreed_by=MARKER, form=MARKER))
        recording = act.begin_recording(family.id, FOOTAGE, original_name=MARKER)
        act.put_object(sealed(recording.id, wrapped=MARKER.encode()))
        run = act.add_analysis(
            recording.id,
            software=MARKER,
            models=[],
            settings_hash=MARKER,
            state=AnalysisState.DONE,
        )
        act.add_moments(run.id, [moment(reason=MARKER)])
        act.add_clip(clip(recording.id, MARKER, MARKER))
        act.add_annotation(annotation(recording.id, MARKER))
        act.add_account(MARKER, [Office.GUIDER], password_hash=MARKER, slot=MARKER)
        act.set("upload.one", {MARKER: MARKER})


def test_no_file_holds_a_word_that_was_entered_while_the_catalogue_is_open(
    filed: Catalogue, path: Path
) -> None:
    control = sqlite3.connect(path.parent / "control.db")
    control.execute("CREATE TABLE t (a TEXT)")
    control.execute("INSERT INTO t VALUES (?)", (MARKER,))
    control.commit()
    control.close()
    write_marks_everywhere(filed)
    holding = filed._engine.connect()  # a reader, so that the log cannot be cut meanwhile
    holding.exec_driver_sql("SELECT count(*) FROM family")
    names = {file.name: file.read_bytes() for file in path.parent.iterdir()}
    holding.close()
    assert {"catalogue.db", "catalogue.db-wal", "catalogue.db-shm"} <= names.keys()
    assert len(names["catalogue.db-wal"]) > 0
    found = [name for name, content in names.items() if MARKER.encode() in content]
    assert found == ["control.db"]
    assert not any(b"SQLite format" in c[:16] for n, c in names.items() if n != "control.db")


def test_beyond_the_pseudonym_and_codes_not_even_whoever_opens_the_pages_reads_a_word(
    filed: Catalogue, path: Path
) -> None:
    """Sealed columns stay shut when the database key alone is known."""
    with filed.act("cli", "film.add", reason=MARKER) as act:
        family = act.add_family("F-PSEUDONYM", 23, carer_word=MARKER, notes=MARKER)
        act.rule(family.id, ruling(agreed_by=MARKER))
        recording = film(act, family)
        act.add_clip(clip(recording.id, MARKER, MARKER))
        act.add_annotation(annotation(recording.id, MARKER))
        act.add_account(MARKER, [Office.GUIDER], password_hash=MARKER)
        act.set("upload.one", MARKER)
    assert filed.purge()
    assert pages.holds_any(path, KEYS.database, [b"F-PSEUDONYM"])
    assert not pages.holds_any(path, KEYS.database, [MARKER.encode(), b"garden.mp4"])


# --- erasure


def test_a_destroyed_key_is_in_no_page_of_the_file_used_or_free(
    filed: Catalogue, path: Path
) -> None:
    rng = random.Random(27)
    kept: list[bytes] = []
    gone: list[bytes] = []
    for n in range(40):
        with filed.act("cli", "film.add") as act:
            family = act.add_family(f"F-{n}")
            recording = film(act, family)
            for part in range(6):
                key = rng.randbytes(61)
                act.put_object(sealed(recording.id, f"part:{part}", key))
                kept.append(key)
    assert filed.purge(kept) is False  # the search finds what is there
    recordings = list(filed.recordings())
    for recording in rng.sample(recordings, 25):
        with filed.act("cli", "film.erase") as act:
            gone += [
                row.wrapped
                for row in act.drop_keys(recording.id)
                if row.wrapped and row.kind != "film"
            ]
        if rng.random() < 0.5:
            with filed.act("cli", "film.erase") as act:
                act.drop_recording(recording.id)
    assert filed.purge(gone) is True
    assert (path.parent / "catalogue.db-wal").stat().st_size == 0
    parts = [key[at : at + 16] for key in gone for at in (0, 20, 45)]
    assert not pages.holds_any(path, KEYS.database, parts)
    left = [key for key in kept if key not in gone]
    assert len(left) == 15 * 6
    assert all(pages.holds_any(path, KEYS.database, [key]) for key in left[:20])


@pytest.mark.soak
@pytest.mark.parametrize("seed", [3, 4])
@pytest.mark.parametrize(
    "destroys",
    [
        ["DELETE FROM o WHERE id = ?"],
        ["UPDATE o SET wrapped = NULL WHERE id = ?"],
        ["UPDATE o SET wrapped = zeroblob(60) WHERE id = ?", "DELETE FROM o WHERE id = ?"],
    ],
)
def test_of_thousands_of_keys_destroyed_while_pages_split_and_join_none_is_left(
    path: Path, seed: int, destroys: list[str]
) -> None:
    rng = random.Random(seed)
    connection = connect(path, KEYS.database, mode="rwc")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("CREATE TABLE o (id TEXT PRIMARY KEY, film TEXT, wrapped BLOB, more BLOB)")
    connection.execute("CREATE INDEX io ON o (film)")
    kept: dict[str, bytes] = {}
    gone: list[bytes] = []

    def puts(count: int) -> None:
        for _ in range(count):
            row = rng.randbytes(16).hex(), rng.randbytes(16).hex(), rng.randbytes(60)
            kept[row[0]] = row[2]
            connection.execute("INSERT INTO o VALUES (?, ?, ?, ?)", (*row, rng.randbytes(90)))

    puts(4000)
    for _ in range(10):
        for row_id in rng.sample(sorted(kept), len(kept) // 12):
            gone.append(kept.pop(row_id))
            for statement in destroys:
                connection.execute(statement, (row_id,))
        puts(140)
    assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    connection.close()
    everything = b"".join(pages.pages(path, KEYS.database))
    assert all(key in everything for key in kept.values())
    pieces = (key[at : at + 20] for key in gone for at in (0, 20, 40))
    assert not any(piece in everything for piece in pieces)
    assert len(gone) > 2500


def test_while_a_reader_holds_an_older_state_erasure_is_pending(
    filed: Catalogue, path: Path
) -> None:
    _, recording = stocked(filed)
    reader = connect(path, KEYS.database)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM family").fetchone()
    with filed.act("cli", "film.erase") as act:
        gone = [row.wrapped for row in act.drop_keys(recording.id) if row.wrapped]
    assert filed.purge(gone) is False
    assert filed.purge() is False
    reader.execute("COMMIT")
    reader.close()
    assert filed.purge(gone) is True


def test_on_postgres_too_erasure_is_pending_while_a_reader_holds_an_older_state(
    catalogue: Catalogue,
) -> None:
    _, recording = stocked(catalogue)
    with catalogue._reading() as reader:
        assert reader.connection().exec_driver_sql("SELECT count(*) FROM family").scalar() == 1
        with catalogue.act("cli", "film.erase") as act:
            act.drop_keys(recording.id)
        assert catalogue.purge() is False
    assert catalogue.purge() is True


def test_erasing_leaves_a_random_id_and_a_day(catalogue: Catalogue) -> None:
    family, recording = stocked(catalogue)
    with catalogue.act("cli", "clip.keep") as act:
        act.add_clip(clip(recording.id))
        act.add_annotation(annotation(recording.id))
        run = act.add_analysis(recording.id, software="0.1.0", models=[], settings_hash="ab")
        act.add_moments(run.id, [moment()])
    with catalogue.act("cli", "film.erase") as act:
        objects = act.drop_keys(recording.id)
    assert [row.wrapped for row in objects] == [b"w" * 61]
    assert [row.wrapped for row in catalogue.objects(recording.id)] == [None]
    assert catalogue.clips(recording.id) == catalogue.annotations(recording.id) == ()
    assert catalogue.origin(recording.id).name is None
    assert catalogue.recording_like(b"F-014".ljust(32, b"\0")) is None
    with catalogue.act("cli", "film.erase") as act:
        again = act.drop_keys(recording.id)
        receipt = act.drop_recording(recording.id)
    assert [row.wrapped for row in again] == [None]
    assert (receipt.id, receipt.on) == (recording.id, NOON.date())
    assert catalogue.receipts() == (receipt,)
    assert catalogue.recordings() == ()
    assert catalogue.object_ids() == frozenset()
    assert catalogue.families() == (family,)


def test_a_film_cannot_be_forgotten_before_its_keys(catalogue: Catalogue) -> None:
    _, recording = stocked(catalogue)
    with pytest.raises(Conflict), catalogue.act("cli", "film.erase") as act:
        act.drop_recording(recording.id)


def test_a_job_that_comes_late_brings_nothing_back_to_a_film_being_erased(
    catalogue: Catalogue,
) -> None:
    _, recording = stocked(catalogue)
    with catalogue.act("cli", "film.erase") as act:
        act.drop_keys(recording.id)
    with pytest.raises(Conflict), catalogue.act("worker", "object.put") as act:
        act.put_object(sealed(recording.id, "signals"))
    with pytest.raises(Conflict), catalogue.act("worker", "film.analyse") as act:
        act.add_analysis(recording.id, software="0.1.0", models=[], settings_hash="ab")
    with pytest.raises(Conflict), catalogue.act("cli", "clip.keep") as act:
        act.add_clip(clip(recording.id))


# --- copies


def test_a_backup_is_one_moment_while_others_write(catalogue: Catalogue, tmp_path: Path) -> None:
    _, recording = stocked(catalogue)
    over = threading.Event()
    went_wrong: list[BaseException] = []

    def writes() -> None:
        try:
            while not over.is_set():
                with catalogue.act("cli", "clip.keep") as act:
                    act.add_clip(clip(recording.id))
                    act.add_annotation(annotation(recording.id))
        except BaseException as error:
            went_wrong.append(error)
            raise

    writer = threading.Thread(target=writes)
    writer.start()
    try:
        for n in range(3):
            copy = tmp_path / f"copy{n}.db"
            catalogue.backup(copy)
            with Catalogue.open(copy, KEYS) as copied:
                assert copied.verify() == ()
                assert copied.integrity_check() == ()
                clips = copied.clips(recording.id)
                assert len(clips) == len(copied.annotations(recording.id))
                keeps = sum(row.action == "clip.keep" for row in copied.audit_rows())
                assert keeps == len(clips)
    finally:
        over.set()
        writer.join()
    assert not went_wrong
    assert not list(tmp_path.glob("*.part*"))


def test_a_backup_holds_all_there_is_under_the_same_keys(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    _, recording = stocked(catalogue)
    write_marks_everywhere(catalogue)
    copy = tmp_path / "copy.db"
    catalogue.backup(copy)
    assert MARKER.encode() not in copy.read_bytes()
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    with Catalogue.open(copy, KEYS) as copied:
        assert copied.families() == catalogue.families()
        assert copied.recordings() == catalogue.recordings()
        assert copied.clips(recording.id) == catalogue.clips(recording.id)
        assert copied.audit_rows() == catalogue.audit_rows()
        assert copied.verify() == ()
        with copied.act("cli", "family.add") as act:
            act.rule(act.add_family("F-new").id, ruling())
    with pytest.raises(WrongKey):
        Catalogue.open(copy, CatalogueKeys(b"x" * 32, KEYS.fields, KEYS.audit))


def test_a_backup_never_takes_the_place_of_a_file(filed: Catalogue, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.write_bytes(b"mine")
    with pytest.raises(VaultExists):
        filed.backup(there)
    assert there.read_bytes() == b"mine"


# --- the server


@pytest.mark.postgres
def test_on_postgres_a_destroyed_key_is_not_left_in_the_tables_file(postgres: str) -> None:
    heap = "SELECT pg_read_binary_file(pg_relation_filepath('sealed_object'))"
    key = bytes(range(100, 161))
    with Catalogue.create(postgres, KEYS) as catalogue:
        _, recording = stocked(catalogue)
        with catalogue.act("cli", "object.put") as act:
            act.put_object(sealed(recording.id, "copy", key))

        def lies_there() -> bool:
            with catalogue._engine.connect().execution_options(
                isolation_level="AUTOCOMMIT"
            ) as connection:
                connection.exec_driver_sql("CHECKPOINT")
                return key in bytes(connection.exec_driver_sql(heap).scalar_one())

        assert lies_there()
        with catalogue.act("cli", "film.erase") as act:
            act.drop_keys(recording.id)
        assert lies_there()  # deleted is not gone
        assert catalogue.purge([key])
        assert not lies_there()


@pytest.mark.postgres
def test_a_server_that_does_not_answer_or_not_to_us_is_said(postgres: str) -> None:
    user, _, rest = postgres.partition("@")
    there, _, name = rest.rpartition("/")
    for wrong, error in (
        (f"{user.rpartition(':')[0]}:wrong@{rest}", StorageError),
        (f"{user}@127.0.0.1:1/{name}", StorageError),
        (f"{user}@{there}/nothing_here", StorageError),
        (postgres, NoVault),
    ):
        with pytest.raises((StorageError, NoVault)) as caught:
            Catalogue.open(wrong, KEYS)
        assert type(caught.value) is error, (wrong, caught.value)
        assert "vig:" not in str(caught.value)
