"""From files to the study: what each file holds is read, reconciled with what is there, and taken whole or not at all."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence import __version__
from influence.errors import InputError
from influence.files import content_hash, writing
from influence.progress import Progress, silent
from influence.readers import Reader, ReaderOptions, UnknownFormat, detect
from influence.records import ImportRecord
from influence.tables import SCHEMA_VERSION, schema_of

if TYPE_CHECKING:
    from influence.pseudonyms import Pseudonyms
    from influence.study import Study

__all__ = ["SKIPPED", "find_files", "import_paths"]

SKIPPED = "skipped"
"""The format of the record of a file in a folder that no reader knows; such a record is not stored."""

_NO_DATA_NAMES = frozenset(("license", "licence", "copying", "readme", "changelog", "notice", "authors", "makefile"))
_NO_DATA_ENDINGS = frozenset(
    ".md .rst .html .htm .css .js .pdf .docx .toml .yaml .yml .ini .py .png .jpg .jpeg .gif .webp .svg .ico .tgs .mp4 "
    ".mov .webm .avi .mp3 .ogg .oga .opus .wav .m4a .zip .rar .7z .tar .lock .log .ds_store .db .sqlite".split()
)
_CHUNK = 1 << 20


@dataclass(frozen=True)
class _Found:
    """Files to import; those that stand in a folder, where one that no reader knows is left out; how many were no data."""

    files: tuple[Path, ...]
    in_folder: frozenset[Path]
    no_data: int


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

    A file is taken whole or not at all, and a file that was taken before adds nothing. In a folder a file that no reader
    knows gets a record of the format `skipped`, which is not stored.

    Raises InputError for a file that cannot be used, naming file, row and remedy; files before it stay imported.
    """
    from influence.readers.times import zone_of

    zone_of(timezone)
    if table is not None:
        schema_of(table)
    options = ReaderOptions(dict(mapping or {}), table, platform, timezone)
    found = _find(paths)
    pseudonyms = _pseudonyms(study) if pseudonymise else None
    with study.locked():
        _clean(study)
    records: list[ImportRecord] = []
    for file in found.files:
        try:
            reader = _reader(file, options, format, alone=file not in found.in_folder)
            if isinstance(reader, str):
                records.append(_skipped(file, reader))
                continue
            records.append(_import_file(study, file, reader, options, pseudonyms, progress))
        except InputError as error:
            raise _after(error, records) from error
    return _with_notes(records, found)


def _after(error: InputError, records: list[ImportRecord]) -> InputError:
    """Return the error with a word on the files before, which stay imported."""
    taken = sum(record.format != SKIPPED for record in records)
    if not taken:
        return error
    before = "The file before it was" if taken == 1 else f"The {taken} files before it were"
    return type(error)(f"{error} {before} imported and stays." if taken == 1 else f"{error} {before} imported and stay.")


def _with_notes(records: list[ImportRecord], found: _Found) -> list[ImportRecord]:
    taken = [record for record in records if record.format != SKIPPED]
    if records and not taken:
        names = ", ".join(Path(record.source).name for record in records[:5]) + (", …" if len(records) > 5 else "")
        raise InputError(f"no file could be read; no reader knows {names}. {records[0].notes[0]}")
    if taken and found.no_data:
        note = f"{found.no_data} files that hold no data (readme, licence, media, hidden) were left out"
        place = records.index(taken[0])
        records[place] = replace(taken[0], notes=(*taken[0].notes, note))
    return records


# -- files -------------------------------------------------------------------------------------------------------------


def find_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files that paths name, folders walked in order of names, without hidden files and what holds no data.

    Raises InputError if a path does not exist or a folder holds no file that could be data.
    """
    return list(_find(paths).files)


def _find(paths: Iterable[str | Path]) -> _Found:
    files: dict[Path, None] = {}
    in_folder, no_data = set(), 0
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"{path} does not exist. Check the name.")
        if not path.is_dir():
            files[path] = None
            continue
        inside = list(_walk(path))
        data = [file for file in inside if not _holds_no_data(file, path)]
        if not data:
            raise InputError(f"{path}: the folder holds no file that could be imported. Name a file, or another folder.")
        no_data += len(inside) - len(data)
        in_folder.update(file for file in data if file not in files)
        files.update(dict.fromkeys(data))
    if not files:
        raise InputError("no file was named. Name an export, or a folder of exports.")
    return _Found(tuple(files), frozenset(in_folder), no_data)


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from error
    for entry in entries:
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _holds_no_data(file: Path, top: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(top).parts)
    return hidden or file.suffix.lower() in _NO_DATA_ENDINGS or file.stem.lower() in _NO_DATA_NAMES


def _reader(file: Path, options: ReaderOptions, format: str | None, *, alone: bool) -> Reader | str:
    """Return the reader of a file; of one in a folder that none knows, why not."""
    from influence.readers.fields import MissingColumns

    try:
        return detect(file, options, format)
    except (MissingColumns, UnknownFormat) as error:
        if alone or format is not None:
            raise
        if options.mapping and options.table is None:
            # A mapping is for the tables of a folder; exports that stand beside them speak for themselves.
            try:
                return detect(file, replace(options, mapping={}))
            except InputError:
                pass
        return str(error)


def _skipped(file: Path, reason: str) -> ImportRecord:
    return ImportRecord("", str(file), SKIPPED, "", 0, 0, 0, 0, notes=(f"{file} was left out: {reason}",))


def _fingerprint(file: Path, reader: Reader, options: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    return content_hash([digest.hexdigest(), reader.name, dict(options), SCHEMA_VERSION])


# -- one file ----------------------------------------------------------------------------------------------------------


def _import_file(
    study: Study,
    file: Path,
    reader: Reader,
    options: ReaderOptions,
    pseudonyms: Pseudonyms | None,
    progress: Progress,
) -> ImportRecord:
    said = {"mapping": options.mapping, "table": options.table, "platform": options.platform, "timezone": options.timezone}
    said["pseudonyms"] = pseudonyms.key_fingerprint if pseudonyms else None
    fingerprint = _fingerprint(file, reader, said)
    source = f"{reader.name}-{fingerprint[:8]}" if pseudonyms else str(file)
    blank = ImportRecord(fingerprint, source, reader.name, reader.primary, 0, 0, 0, 0, options=said, version=__version__)
    earlier = _earlier(study, fingerprint)
    if earlier is not None:
        return _again(earlier, file)
    if pseudonyms is not None:
        pseudonyms = pseudonyms.knowing(_actors(file, reader, options), source)
    with _workplace(study) as place:
        staged = _stage(place, file, reader, options, pseudonyms, progress)
        if staged.local_ids:
            staged = _stage_qualified(place, file, reader, options, pseudonyms, progress)
        with study.locked():
            earlier = _earlier(study, fingerprint)  # another process may have been quicker
            if earlier is not None:
                return _again(earlier, file)
            return _commit(study, blank, staged, place, _mixed(study, blank))


def _earlier(study: Study, fingerprint: str) -> ImportRecord | None:
    return next((record for record in study.imports() if record.fingerprint == fingerprint), None)


def _again(earlier: ImportRecord, file: Path) -> ImportRecord:
    """Return the record of importing once more what is there already: every row is a duplicate."""
    note = f"{file.name} was imported before ({earlier.finished_at[:10]}): nothing was added"
    duplicates = earlier.kept + earlier.duplicates
    return replace(earlier, kept=0, duplicates=duplicates, parts={}, notes=(*earlier.notes, note))


def _actors(file: Path, reader: Reader, options: ReaderOptions) -> Iterator[Any]:
    for batch in reader.read(file, options):
        if "actors" in batch.tables:
            yield batch.tables["actors"]


def _pseudonyms(study: Study) -> Pseudonyms:
    from influence.pseudonyms import open_pseudonyms

    return open_pseudonyms(study)


def _mixed(study: Study, blank: ImportRecord) -> tuple[str, ...]:
    """Return a remark if some messages of the study are under pseudonyms and others are not."""
    others = [record for record in study.imports() if record.table in ("posts", "interactions")]
    named = any(record.options.get("pseudonyms") is None for record in others)
    hidden = any(record.options.get("pseudonyms") is not None for record in others)
    mine = blank.options["pseudonyms"] is not None
    if blank.table not in ("posts", "interactions") or not (named if mine else hidden):
        return ()
    return (
        "this study now holds messages with and without pseudonyms: an account that is in both counts as two. "
        "Import everything in one way into a new study",
    )


# -- staging -----------------------------------------------------------------------------------------------------------


def _stage(
    place: Path,
    file: Path,
    reader: Reader,
    options: ReaderOptions,
    pseudonyms: Pseudonyms | None,
    progress: Progress,
) -> Any:
    from influence.staging import Staging

    with Staging(place, reader.primary) as staging:
        for batch in reader.read(file, options):
            staging.add(batch if pseudonyms is None else pseudonyms.hide(batch))
            progress(f"importing {file.name}", staging.read, None)
    return staging


def _stage_qualified(
    place: Path,
    file: Path,
    reader: Reader,
    options: ReaderOptions,
    pseudonyms: Pseudonyms | None,
    progress: Progress,
) -> Any:
    return None


# -- the study ---------------------------------------------------------------------------------------------------------


def _commit(study: Study, blank: ImportRecord, staged: Any, place: Path, notes: Sequence[str]) -> ImportRecord:
    from influence.reconcile import reconcile

    kept = reconcile(study, staged, place)
    primary = kept.rows.get(blank.table, 0)
    record = replace(
        blank,
        read=staged.read,
        kept=primary,
        duplicates=staged.rows[blank.table] - primary,
        rejected=staged.rejected,
        parts={table: count for table, count in kept.rows.items() if count},
        notes=(*staged.notes, *notes),
        finished_at=dt.datetime.now(dt.UTC).isoformat(),
    )
    study.commit(record, {table: path for table, path in kept.files.items() if kept.rows[table]})
    return record


@contextmanager
def _workplace(study: Study) -> Iterator[Path]:
    """Give a scratch folder that is marked as in use, so that one left behind by a killed process can be told."""
    from filelock import FileLock

    with study.scratch() as folder, FileLock(folder / "in-use"):
        yield folder


def _clean(study: Study) -> None:
    """Remove what killed imports left: their scratch folders, and parts whose record was never written."""
    from filelock import FileLock, Timeout

    with writing(study.folder):
        for folder in (study.folder / ".scratch").glob("*"):
            mark = folder / "in-use"
            if not mark.exists():
                continue
            try:
                with FileLock(mark, timeout=0):
                    pass
            except Timeout:
                continue
            shutil.rmtree(folder, ignore_errors=True)
        known = {record.fingerprint[:16] for record in study.imports()}
        for part in (study.folder / "tables").glob("*/part-*.parquet"):
            if part.stem.removeprefix("part-") not in known:
                part.unlink(missing_ok=True)
