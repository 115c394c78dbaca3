"""From files to the study: each is read, reconciled with what is there, and taken whole or not at all."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence import __version__
from influence.errors import InputError
from influence.files import writing
from influence.progress import Progress, silent
from influence.readers.base import Batch, Reader, ReaderOptions
from influence.records import ImportRecord
from influence.sources import Found, find, find_files, fingerprint_of, reader_of
from influence.tables import schema_of

if TYPE_CHECKING:
    from influence.pseudonyms import Pseudonyms
    from influence.staging import Staging
    from influence.study import Study

__all__ = ["SKIPPED", "find_files", "import_paths"]

SKIPPED = "skipped"
"""The format in the record of a file of a folder that no reader knows; such a record is not stored."""

_MESSAGES = ("posts", "interactions")
# Ids of posts that are never used twice on the whole platform.
_GLOBAL_IDS = frozenset(("telegram", "x", "youtube", "tiktok", "instagram"))
_DAY = 86_400


def import_paths(
    study: Study,
    paths: Iterable[str | Path],
    *,
    format: str | None = None,
    mapping: Mapping[str, str] | None = None,
    table: str | None = None,
    platform: str | None = None,
    timezone: str = "UTC",
    pseudonymise: bool = False,
    progress: Progress = silent,
) -> list[ImportRecord]:
    """Import files, and folders with all that is in them; return one record per file.

    A file is taken whole or not at all, and one that was taken before adds nothing. In a folder, a file that no reader
    knows gets a record of the format `skipped`, which is not stored, and the others are taken.

    Raises InputError for a file that cannot be used, naming file, row and remedy; files before it stay imported.
    """
    from influence.readers.times import zone_of

    zone_of(timezone)
    if table is not None:
        schema_of(table)
    options = ReaderOptions(dict(mapping or {}), table, platform, timezone)
    found = find(paths)
    pseudonyms = _pseudonyms(study) if pseudonymise else None
    with study.locked():
        _clean(study)
    records: list[ImportRecord] = []
    for file in found.files:
        try:
            chosen = reader_of(file, options, format, alone=file not in found.in_folder)
            if isinstance(chosen, str):
                records.append(_skipped(file, chosen))
            else:
                records.append(_Import(study, file, *chosen, pseudonyms, progress).run())
        except InputError as error:
            raise _with_those_before(error, records) from error
    return _with_remarks(records, found)


def _pseudonyms(study: Study) -> Pseudonyms:
    from influence.pseudonyms import open_pseudonyms

    return open_pseudonyms(study)


def _skipped(file: Path, reason: str) -> ImportRecord:
    return ImportRecord("", str(file), SKIPPED, "", 0, 0, 0, 0, notes=(f"left out: {reason}",))


def _with_those_before(error: InputError, records: list[ImportRecord]) -> InputError:
    taken = sum(record.format != SKIPPED for record in records)
    if not taken:
        return error
    before = (
        "The file before it is imported and stays"
        if taken == 1
        else f"The {taken} files before it are imported and stay"
    )
    return type(error)(f"{error} ({before} so.)")


def _with_remarks(records: list[ImportRecord], found: Found) -> list[ImportRecord]:
    """Return the records with what is to be said of the folders; raise InputError if nothing at all could be read."""
    taken = [record for record in records if record.format != SKIPPED]
    if not taken:
        raise InputError(f"nothing could be imported; {records[0].notes[0]}")
    if found.no_data:
        count = "1 file that holds" if found.no_data == 1 else f"{found.no_data} files that hold"
        remark = f"{count} no data (readme, licence, media, hidden) left out"
        records[records.index(taken[0])] = replace(taken[0], notes=(*taken[0].notes, remark))
    return records


@dataclass(frozen=True)
class _Import:
    """The import of one file."""

    study: Study
    file: Path
    reader: Reader
    options: ReaderOptions
    pseudonyms: Pseudonyms | None
    progress: Progress

    def run(self) -> ImportRecord:
        said = self._said()
        fingerprint = fingerprint_of(self.file, self.reader, said)
        earlier = self._earlier(fingerprint)
        if earlier is not None:
            return self._again(earlier)
        name, table = self.reader.name, self.reader.primary
        blank = ImportRecord(fingerprint, str(self.file), name, table, 0, 0, 0, 0, options=said, version=__version__)
        with _workplace(self.study) as folder:
            staging = self._staged(folder, blank)
            with self.study.locked():
                earlier = self._earlier(fingerprint)  # another process may have been quicker
                return self._again(earlier) if earlier else self._commit(blank, staging)

    def _said(self) -> dict[str, Any]:
        options = self.options
        return {
            "mapping": options.mapping,
            "table": options.table,
            "platform": options.platform,
            "timezone": options.timezone,
            "pseudonyms": self.pseudonyms.key_fingerprint if self.pseudonyms else None,
        }

    def _earlier(self, fingerprint: str) -> ImportRecord | None:
        return next((record for record in self.study.imports() if record.fingerprint == fingerprint), None)

    def _again(self, earlier: ImportRecord) -> ImportRecord:
        """Return the record of importing once more what is there already: every row taken is a duplicate."""
        note = f"{self.file.name} was imported before ({earlier.finished_at[:10]}): nothing was added"
        duplicates = earlier.kept + earlier.duplicates
        return replace(earlier, source=str(self.file), kept=0, duplicates=duplicates, parts={}, notes=(note,))

    # -- reading --------------------------------------------------------------------------------------------------

    def _staged(self, folder: Path, blank: ImportRecord) -> Staging:
        from influence.staging import ids_are_local

        pseudonyms = self.pseudonyms
        if pseudonyms is not None:
            # A first reading finds the accounts of the roster, and the ids and handles to look for in texts.
            actors = (batch.tables["actors"] for batch in self._batches(self.options) if "actors" in batch.tables)
            pseudonyms = pseudonyms.knowing(actors, f"{self.reader.name}-{blank.fingerprint[:8]}")
        staging = self._stage(folder, self.options, pseudonyms)
        qualified = self._qualified(staging) if staging.rows["posts"] else None
        if qualified is None or not ids_are_local(self.study, staging):
            return staging
        again = folder / "qualified"  # a folder of its own: the engine may remember the first files
        again.mkdir()
        staging = self._stage(again, qualified, pseudonyms)
        staging.notes["ids of posts repeat between accounts in this file: they were joined with the accounts' ids"] = (
            None
        )
        return staging

    def _batches(self, options: ReaderOptions) -> Iterator[Batch]:
        yield from self.reader.read(self.file, options)

    def _stage(self, folder: Path, options: ReaderOptions, pseudonyms: Pseudonyms | None) -> Staging:
        from influence.objects import with_text_objects
        from influence.staging import Staging

        label = f"importing {self.file.name}"
        self.progress(label, 0, None)
        with Staging(folder, self.reader.primary) as staging:
            for batch in self._batches(options):
                # After hiding: of a masked text the digest, so that it gives nothing away either.
                staging.add(with_text_objects(pseudonyms.hide(batch) if pseudonyms else batch))
                self.progress(label, staging.read, None)
        return staging

    def _qualified(self, staging: Staging) -> ReaderOptions | None:
        """Return options that join the ids of posts with those of their accounts, None where that is never needed."""
        from influence.readers.fields import make_plan

        if self.reader.name != "mapped" or self.reader.primary != "posts":
            return None
        plan = make_plan(self.file, self.options)
        post, actor = plan.sources.get("post_id"), plan.owner
        if (
            post is None
            or actor is None
            or len(post.columns) != 1
            or not actor.columns
            or staging.platforms <= _GLOBAL_IDS
        ):
            return None
        joined = "+".join((*actor.columns, *post.columns))
        return replace(self.options, mapping={**self.options.mapping, "post_id": joined})

    # -- taking -----------------------------------------------------------------------------------------------------

    def _commit(self, blank: ImportRecord, staging: Staging) -> ImportRecord:
        from influence.staging import select_new

        new = select_new(self.study, staging)
        kept = new.rows.get(blank.table, 0)
        record = replace(
            blank,
            read=staging.read,
            kept=kept,
            duplicates=staging.rows[blank.table] - kept,
            rejected=staging.rejected,
            parts={table: count for table, count in new.rows.items() if count},
            notes=(*staging.notes, *self._mixture(blank)),
            finished_at=dt.datetime.now(dt.UTC).isoformat(),
        )
        hidden = self.pseudonyms is not None
        label = f"{blank.format}-{blank.fingerprint[:8]}"  # names of files may name people too
        notes = tuple(note.replace(self.file.name, label) for note in record.notes)
        stored = replace(record, source=label, notes=notes) if hidden else record
        self.study.commit(stored, {table: file for table, file in new.files.items() if new.rows[table]})
        return record

    def _mixture(self, blank: ImportRecord) -> Iterator[str]:
        """Yield a remark if the study then holds messages with and without pseudonyms."""
        if blank.table not in _MESSAGES:
            return
        hidden = {
            record.options.get("pseudonyms") is not None for record in self.study.imports() if record.table in _MESSAGES
        }
        if hidden - {self.pseudonyms is not None}:
            yield (
                "this study now holds messages with and without pseudonyms: an account that is in both counts as two. "
                "Import all of them in one way into a new study"
            )


# -- what killed imports left ---------------------------------------------------------------------------------------


@contextmanager
def _workplace(study: Study) -> Iterator[Path]:
    """Give a scratch folder that is locked while it is in use: the lock of a killed process is free."""
    from filelock import FileLock

    with study.scratch() as folder, FileLock(folder / "in-use"):
        yield folder


def _clean(study: Study) -> None:
    """Remove what killed imports left: their scratch folders, and parts whose record was never written."""
    with writing(study.folder):
        for entry in (study.folder / ".scratch").glob("*"):
            if _is_abandoned(entry):
                shutil.rmtree(entry, ignore_errors=True) if entry.is_dir() else entry.unlink(missing_ok=True)
        known = {record.fingerprint[:16] for record in study.imports()}
        for part in (study.folder / "tables").glob("*/part-*.parquet"):
            if part.stem.removeprefix("part-") not in known:
                part.unlink(missing_ok=True)


def _is_abandoned(entry: Path) -> bool:
    from filelock import FileLock, Timeout

    mark = entry / "in-use"
    try:
        if not mark.exists():  # not ours to judge, unless it lies there for long
            return time.time() - entry.stat().st_mtime > _DAY
        with FileLock(mark, timeout=0):
            return True
    except Timeout:
        return False
    except OSError:  # removed under our eyes by its owner
        return False
