"""Which files are imported, by which reader, and how each is recognised when it comes again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from influence.decoding import EmptyFile
from influence.errors import InputError
from influence.files import content_hash
from influence.readers import Reader, ReaderOptions, UnknownFormat, detect
from influence.settings import SETTINGS_FILE
from influence.tables import SCHEMA_VERSION

__all__ = ["Found", "find", "find_files", "fingerprint_of", "reader_of"]

_NO_DATA_NAMES = frozenset(("license", "licence", "copying", "readme", "changelog", "notice", "authors", "makefile"))
_NO_DATA_ENDINGS = frozenset(
    (
        *(
            ".md",
            ".rst",
            ".html",
            ".htm",
            ".css",
            ".js",
            ".pdf",
            ".docx",
            ".toml",
            ".yaml",
            ".yml",
            ".ini",
            ".py",
            ".db",
        ),
        *(".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".ico", ".tgs", ".mp4", ".mov", ".webm", ".avi", ".mp3"),
        *(".ogg", ".oga", ".opus", ".wav", ".m4a", ".zip", ".rar", ".7z", ".tar", ".lock", ".log", ".sqlite"),
    )
)
_PARTS_OF_A_STUDY = frozenset(("tables", "imports", "results", ".scratch"))
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Found:
    """The files to import, those of them that stand in a folder that was named, and how many there hold no data."""

    files: tuple[Path, ...]
    in_folder: frozenset[Path]
    no_data: int


def find_files(paths: Iterable[str | Path]) -> list[Path]:
    """Return the files that paths name: folders are walked in order of names, without what is hidden or holds no data.

    Raises InputError if a path does not exist or a folder holds no file that could be imported.
    """
    return list(find(paths).files)


def find(paths: Iterable[str | Path]) -> Found:
    """Return the files that paths name, and where they come from; see `find_files`."""
    files: dict[Path, None] = {}
    in_folder: set[Path] = set()
    no_data = 0
    for path in map(Path, paths):
        if not path.exists():
            raise InputError(f"{path} does not exist. Check the name.")
        if not path.is_dir():
            files[path] = None
            continue
        inside = list(_walk(path))
        data = [file for file in inside if not _holds_no_data(file, path)]
        if not data:
            raise InputError(f"{path}: the folder holds no file that could be imported. Name a file or another folder.")
        no_data += len(inside) - len(data)
        in_folder.update(file for file in data if file not in files)
        files.update(dict.fromkeys(data))
    if not files:
        raise InputError("no file was named. Name an export, or a folder of exports.")
    return Found(tuple(files), frozenset(in_folder), no_data)


def _walk(folder: Path) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        raise InputError(f"{folder} cannot be read: {error.strerror}.") from error
    in_study = (folder / SETTINGS_FILE).is_file()
    for entry in entries:
        if entry.is_dir():
            # A link to a folder above would be walked for ever; what a study holds already is not imported into one.
            if not entry.is_symlink() and not (in_study and entry.name in _PARTS_OF_A_STUDY):
                yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _holds_no_data(file: Path, top: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(top).parts)
    return hidden or file.suffix.lower() in _NO_DATA_ENDINGS or file.stem.lower() in _NO_DATA_NAMES


def reader_of(
    file: Path, options: ReaderOptions, format: str | None, *, alone: bool
) -> tuple[Reader, ReaderOptions] | str:
    """Return the reader of a file and the options for it; of a file in a folder that no reader knows, why that is.

    Raises InputError if the file cannot be used; if it stands `alone`, also if no reader knows it.
    """
    from influence.readers.fields import MissingColumns

    try:
        return detect(file, options, format), options
    except (EmptyFile, MissingColumns, UnknownFormat) as error:
        if alone or format is not None:
            raise
        if options.mapping and options.table is None:
            # A mapping is meant for the tables of a folder; exports that stand beside them speak for themselves.
            plain = replace(options, mapping={})
            try:
                return detect(file, plain), plain
            except InputError:
                pass
        return str(error)


def fingerprint_of(file: Path, reader: Reader, options: Mapping[str, Any]) -> str:
    """Return a hash of all that decides what an import gives: the file's bytes, the reader, options and schemas."""
    digest = hashlib.sha256()
    try:
        with file.open("rb") as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}.") from error
    return content_hash([digest.hexdigest(), reader.name, dict(options), SCHEMA_VERSION])
