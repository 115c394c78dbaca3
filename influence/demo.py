"""The bundled study, from the files a person would have to a report: what the first five minutes look like."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING

from influence.errors import StudyError, SystemFailure
from influence.progress import Progress, silent
from influence.settings import SETTINGS_FILE

if TYPE_CHECKING:
    from influence.records import ImportRecord, Result
    from influence.study import Study

__all__ = ["DemoResult", "run_demo"]

TIMEZONE = "Asia/Almaty"  # Telegram writes who reacted in the local time of the computer that exported
SOURCES = "sources"
"""Folder of the demo study that holds the files which are imported."""

NOT_COPIED = ("README.md", "DATASHEET.md", "truth.json")
"""What describes the demo's files, and what is true behind them: a person would not have it."""

_GIVEN_DIRECTLY = ("actors", "audiences", "overlaps", "actions")


@dataclass(frozen=True)
class DemoResult:
    """The study, what each import and step did, the report, and the commands that do the same."""

    study: Study
    imports: list[ImportRecord]
    steps: list[tuple[str, Result, bool]]
    report: Path
    commands: tuple[str, ...]


def run_demo(folder: str | Path, *, engine: str = "duckdb", progress: Progress = silent) -> DemoResult:
    """Make the demo study in a folder (or go on with the one there), import its files, run all steps, write the report.

    Raises StudyError if the folder holds anything else than a demo study.
    """
    from influence.files import writing
    from influence.study import Study

    target = Path(folder)
    bundle = _bundle()
    _refuse_other(target, bundle)
    progress("copying the demo's files", 0, None)
    with writing(target):
        _copy(bundle, target)
    study = Study.open(target, engine=engine)
    imports, commands = _import_sources(study, progress)
    steps = study.run(progress=progress)
    report = study.report(progress=progress)[0]
    return DemoResult(study, imports, steps, report, (*commands, "influence run", "influence report"))


def _bundle() -> Traversable:
    bundle = resources.files("influence._data") / "demo"
    if not bundle.is_dir():
        raise SystemFailure("the demo's files are not in this installation. Install influence again.")
    return bundle


def _refuse_other(target: Path, bundle: Traversable) -> None:
    """Raise StudyError unless the folder is new, empty, or the demo study of an earlier run."""
    from influence.settings import read_settings

    if not target.exists():
        return
    if not target.is_dir():
        raise StudyError(f"{target} is a file. Name a folder that is new: influence demo DIR")
    if (target / SETTINGS_FILE).exists():
        name = read_settings(target).name
        if f'"{name}"' not in (bundle / SETTINGS_FILE).read_text(encoding="utf-8"):
            raise StudyError(f"{target} holds another study, {name!r}. Name a folder that is new: influence demo DIR")
    elif any(not entry.name.startswith(".") for entry in target.iterdir()):
        raise StudyError(f"{target} holds other files. Name a folder that is new or empty: influence demo DIR")


def _copy(bundle: Traversable, target: Path) -> None:
    """Copy the settings first, so that an interrupted copy is known for what it is, then the roster and the sources."""
    target.mkdir(parents=True, exist_ok=True)
    _copy_file(bundle / SETTINGS_FILE, target / SETTINGS_FILE)
    for parts, file in _files(bundle):
        if parts == (SETTINGS_FILE,) or file.name in NOT_COPIED:
            continue
        _copy_file(file, target.joinpath(*parts) if parts == ("actors.csv",) else target.joinpath(SOURCES, *parts))


def _copy_file(source: Traversable, target: Path) -> None:
    content = source.read_bytes()
    target.parent.mkdir(parents=True, exist_ok=True)
    if not target.exists() or target.read_bytes() != content:
        fresh = target.with_name(f".{target.name}.new")
        fresh.write_bytes(content)
        os.replace(fresh, target)


def _files(folder: Traversable, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Traversable]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _files(entry, (*above, entry.name))
        else:
            yield (*above, entry.name), entry


def _import_sources(study: Study, progress: Progress) -> tuple[list[ImportRecord], list[str]]:
    """Import what the demo brings: exports by their content, tables named as in the contract directly."""
    sources = study.folder / SOURCES
    tables = [file for name in _GIVEN_DIRECTLY if (file := sources / f"{name}.csv").exists()]
    exports = [entry for entry in sorted(sources.iterdir()) if entry not in tables]
    records = study.import_(*exports, timezone=TIMEZONE, progress=progress)
    named = " ".join(f"{SOURCES}/{entry.name}" for entry in exports)
    commands = [f"cd {study.folder}", f"influence import {named} --timezone {TIMEZONE}"]
    for file in tables:
        records += study.import_(file, table=file.stem, progress=progress)
        commands.append(f"influence import {SOURCES}/{file.name} --table {file.stem}")
    return records, commands
