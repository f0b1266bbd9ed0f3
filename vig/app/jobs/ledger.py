"""Two tables of our own beside DBOS's: how far each job is, and which workers are alive.

``vig_job_progress`` also holds the token of the run that may write. Telling progress and asking
"am I still the one?" are the same UPDATE: it matches no row once the job was cancelled, taken over
or begun anew. Times are milliseconds by the database's clock, so that several machines agree.
Everything here runs unchanged on SQLCipher and on Postgres.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DatabaseError

_tables = sa.MetaData()

_progress = sa.Table(
    "vig_job_progress",
    _tables,
    sa.Column("job", sa.Text, primary_key=True),
    sa.Column("run", sa.Text),  # the run that may write
    sa.Column("holder", sa.Text),  # the run that is still at it; gone a moment after it halts
    sa.Column("share", sa.Float, nullable=False, default=0.0),
    sa.Column("step", sa.Text),
    sa.Column("locked", sa.Boolean, nullable=False, default=False),
    sa.Column("barren", sa.Integer, nullable=False, default=0),
    sa.Column("run_began", sa.BigInteger, nullable=False, default=0),
    sa.Column("run_from", sa.Float, nullable=False, default=0.0),
    sa.Column("told", sa.BigInteger, nullable=False, default=0),
)

_workers = sa.Table(
    "vig_job_worker",
    _tables,
    sa.Column("executor", sa.Text, primary_key=True),
    sa.Column("seen", sa.BigInteger, nullable=False),
)


IDLE_TRANSACTION = "5s"
"""A worker that is paused in the middle of a transaction keeps its rows locked no longer than this;
otherwise nobody could take its job over. DBOS sets such a limit on engines of its own making."""


def _brief(connection: Any, _record: Any) -> None:
    was, connection.autocommit = connection.autocommit, True
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_TRANSACTION}'")
    connection.autocommit = was


@dataclass(frozen=True, slots=True)
class Row:
    """How far a job is. Times in milliseconds since 1970."""

    share: float
    step: str | None
    locked: bool
    run_began: int
    run_from: float
    told: int

    def seconds_left(self) -> float | None:
        """From the pace of this run; None before two seconds and one hundredth are behind it."""
        gained, spent = self.share - self.run_from, (self.told - self.run_began) / 1000
        if gained < 0.01 or spent < 2:
            return None
        return spent * (1 - self.share) / gained


class Ledger:
    """The two tables on one engine: what is told, asked and taken over."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        if engine.dialect.name == "postgresql" and not event.contains(engine, "connect", _brief):
            event.listen(engine, "connect", _brief)
        if engine.dialect.name == "sqlite":
            # The bundled SQLite of SQLCipher knows 'subsec' (3.42 and later).
            self._now: sa.ColumnElement[int] = sa.cast(
                sa.func.unixepoch("subsec") * 1000, sa.BigInteger
            )
        else:
            self._now = sa.cast(
                sa.func.extract("epoch", sa.func.clock_timestamp()) * 1000, sa.BigInteger
            )

    def create(self) -> None:
        """Make the tables where they are missing; two processes may do so at once."""
        for last in (False, True):
            try:
                with self._engine.begin() as c:
                    for table in _tables.sorted_tables:
                        c.execute(sa.schema.CreateTable(table, if_not_exists=True))
                return
            except DatabaseError:
                # Postgres lets two IF NOT EXISTS collide; the second try finds the table.
                if last:
                    raise

    def begin(self, job: str, run: str) -> int:
        """Make ``run`` the one that may write. Returns how many runs in a row finished no part."""
        with self._engine.begin() as c:
            changed = c.execute(
                sa.update(_progress)
                .where(_progress.c.job == job)
                .values(
                    run=run,
                    holder=run,
                    locked=False,
                    barren=_progress.c.barren + 1,
                    run_began=self._now,
                    run_from=_progress.c.share,
                    told=self._now,
                )
            ).rowcount
            if not changed:
                c.execute(
                    sa.insert(_progress).values(
                        job=job, run=run, holder=run, barren=1, run_began=self._now, told=self._now
                    )
                )
            return int(
                c.execute(sa.select(_progress.c.barren).where(_progress.c.job == job)).scalar_one()
            )

    def tell(self, job: str, run: str, share: float, step: str | None, locked: bool) -> bool:
        """Record how far it is; the share never falls. False when this run may no longer write."""
        p = _progress.c
        with self._engine.begin() as c:
            return bool(
                c.execute(
                    sa.update(_progress)
                    .where(p.job == job, p.run == run)
                    .values(
                        share=sa.case((p.share < share, share), else_=p.share),
                        step=step,
                        locked=locked,
                        told=self._now,
                    )
                ).rowcount
            )

    def claim(self, job: str, run: str) -> None:
        """Take the token back for a run that DBOS still calls the owner."""
        with self._engine.begin() as c:
            c.execute(sa.update(_progress).where(_progress.c.job == job).values(run=run))

    def release(self, job: str) -> None:
        """No run may write any more (cancelled, or to be begun anew)."""
        with self._engine.begin() as c:
            c.execute(
                sa.update(_progress)
                .where(_progress.c.job == job)
                .values(run=None, locked=False, step=None)
            )

    def leave(self, job: str, run: str) -> None:
        """This run has halted or ended: nothing of it writes any more."""
        with self._engine.begin() as c:
            c.execute(
                sa.update(_progress)
                .where(_progress.c.job == job, _progress.c.holder == run)
                .values(holder=None)
            )

    def held(self, jobs: Collection[str]) -> bool:
        """Whether some run is still at one of these jobs (or died at it)."""
        p = _progress.c
        with self._engine.connect() as c:
            asked = sa.select(p.job).where(p.job.in_(jobs), p.holder.is_not(None))
            return c.execute(asked.limit(1)).first() is not None

    def fruitful(self, job: str) -> None:
        """A part was finished, or the run was ended in good order."""
        with self._engine.begin() as c:
            c.execute(sa.update(_progress).where(_progress.c.job == job).values(barren=0))

    def rows(self, jobs: Collection[str]) -> dict[str, Row]:
        p = _progress.c
        asked = sa.select(p.job, p.share, p.step, p.locked, p.run_began, p.run_from, p.told)
        with self._engine.connect() as c:
            found = c.execute(asked.where(p.job.in_(jobs))).all()
        return {job: Row(*rest) for job, *rest in found}

    def forget(self, jobs: Collection[str]) -> None:
        with self._engine.begin() as c:
            c.execute(sa.delete(_progress).where(_progress.c.job.in_(jobs)))

    def beat(self, executor: str) -> None:
        """This worker is alive."""
        with self._engine.begin() as c:
            if not c.execute(
                sa.update(_workers).where(_workers.c.executor == executor).values(seen=self._now)
            ).rowcount:
                c.execute(sa.insert(_workers).values(executor=executor, seen=self._now))

    def alive(self, seconds: float) -> set[str]:
        """The workers that were heard of in the last so many seconds."""
        with self._engine.connect() as c:
            return set(
                c.execute(
                    sa.select(_workers.c.executor).where(
                        _workers.c.seen > self._now - int(seconds * 1000)
                    )
                ).scalars()
            )

    def retire(self, executor: str) -> None:
        """This worker ended in good order; also drops workers unheard of for a day."""
        with self._engine.begin() as c:
            c.execute(
                sa.delete(_workers).where(
                    sa.or_(
                        _workers.c.executor == executor, _workers.c.seen < self._now - 86_400_000
                    )
                )
            )
