"""Is everything in order: the installation, the model, the machine, and the study with every file it rests on."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from influence import __version__
from influence.errors import exit_code

if TYPE_CHECKING:
    from influence.study import Study

__all__ = ["Finding", "examine"]

Status = Literal["ok", "note", "warning", "failed"]

_LIBRARIES = ("duckdb", "ibis-framework", "pyarrow", "pandas", "numpy", "scipy", "torch", "transformers", "altair")
_ENOUGH_DISK, _LITTLE_DISK = 5 * 2**30, 2**28
_NAMED = 3


@dataclass(frozen=True)
class Finding:
    """What one check found; `remedy` says what to do where `status` is `warning` or `failed`."""

    check: str
    status: Status
    detail: str
    remedy: str = ""


def examine(study: Study | None = None, *, model: str | None = None) -> list[Finding]:
    """Check the installation and, if one is given, a study; a check that cannot be done counts as failed.

    `model` is the folder of a trained model to examine in the place of the shipped one. Nothing is changed. Reading
    every part of a study takes as long as reading its files once.
    """
    findings: list[Finding] = []
    for name, check in _INSTALLATION.items():
        findings += _guarded(name, check if name != "model" or model is None else lambda: _model(Path(model)))
    for name, examined in _STUDY.items() if study is not None else ():
        findings += _guarded(name, lambda examined=examined: examined(study))  # type: ignore[misc]
    return findings


def _guarded(name: str, check: Callable[[], Iterator[Finding]]) -> list[Finding]:
    try:
        return list(check())
    except Exception as error:
        if exit_code(error) is not None:
            return [Finding(name, "failed", str(error))]
        return [
            Finding(name, "failed", f"the check broke off: {type(error).__name__}: {error}.", "Please report this.")
        ]


# -- the installation ------------------------------------------------------------------------------------------------


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding("program", "ok", f"influence {__version__}, Python {version} on {sys.platform}")


def _libraries() -> Iterator[Finding]:
    found, missing = [], []
    for name in _LIBRARIES:
        try:
            found.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:
            missing.append(name)
    yield Finding("libraries", "ok", ", ".join(found))
    if missing:
        yield Finding("libraries", "failed", f"not installed: {', '.join(missing)}.", "Install influence again.")


def _engine() -> Iterator[Finding]:
    import ibis
    import pyarrow as pa

    from influence.engine import Engine

    engine = Engine()
    try:
        answer = engine.fetch(ibis.memtable(pa.table({"n": [1, 2]})).count().as_table()).column(0)[0].as_py()
    finally:
        engine.close()
    status: Status = "ok" if answer == 2 else "failed"
    yield Finding("engine", status, f"duckdb counts two rows as {answer}")


def _processor() -> Iterator[Finding]:
    import torch

    if torch.cuda.is_available():
        yield Finding("processor", "ok", f"GPU {torch.cuda.get_device_name(0)}; {os.cpu_count()} processor cores")
    else:
        yield Finding("processor", "ok", f"{os.cpu_count()} cores; no GPU is needed, labelling is faster with one")


def _model(folder: Path | None = None) -> Iterator[Finding]:
    """The model (None: the shipped one) is there and whole; what its licence and its validation leave open."""
    from classifiers.loading import SHIPPED
    from classifiers.settings import read_settings
    from classifiers.storage import digest

    remedy = "Install influence again." if folder is None else "Copy the model again."
    folder = folder or SHIPPED
    settings = read_settings(folder)
    if settings.sha256 and digest(folder) != settings.sha256:
        yield Finding("model", "failed", f"the weights of {settings.name} are damaged.", remedy)
        return
    yield Finding("model", "ok", f"{settings.version}, weights whole")
    licence = str(settings.card.get("licence") or "")
    if "NC" in licence.replace("-", " ").split():
        detail = f"the weights are under {licence}: not for commercial use."
        yield Finding("licence", "warning", detail, "Train a model without that source if you need one.")
    elif licence:
        yield Finding("licence", "ok", licence)
    unvalidated = [str(lang) for lang in settings.card.get("unvalidated") or ()]
    if unvalidated:
        detail = f"too few validated labels in {', '.join(unvalidated)}: their figures are marked unvalidated"
        yield Finding("languages", "note", detail)


def _memory() -> Iterator[Finding]:
    total = _memory_total()
    if total is None:
        yield Finding("memory", "note", "the system does not say how much there is")
    elif total < 4 * 2**30:
        yield Finding(
            "memory",
            "warning",
            f"{_size(total)}.",
            "Set [engine] memory in study.toml to half of it, and close other programs.",
        )
    else:
        yield Finding("memory", "ok", _size(total))


def _memory_total() -> int | None:
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _disk_at(folder: Path, what: str) -> Finding:
    free = shutil.disk_usage(folder).free
    if free < _LITTLE_DISK:
        return Finding("disk", "failed", f"{_size(free)} free {what}.", "Make room: a step cannot write its result.")
    if free < _ENOUGH_DISK:
        return Finding("disk", "warning", f"{_size(free)} free {what}.", "Large imports and joins need more.")
    return Finding("disk", "ok", f"{_size(free)} free {what}")


def _size(count: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


_INSTALLATION: dict[str, Callable[[], Iterator[Finding]]] = {
    "program": _python,
    "libraries": _libraries,
    "engine": _engine,
    "model": _model,
    "processor": _processor,
    "memory": _memory,
}


# -- the study -------------------------------------------------------------------------------------------------------


def _settings(study: Study) -> Iterator[Finding]:
    settings = study.settings
    yield Finding("study", "ok", f"{study.folder}: {settings.name}; window {settings.window}")
    if settings.population is None:
        yield Finding(
            "population",
            "warning",
            "study.toml gives none: unions of audiences have no independence point and no upper bound.",
            "Set population, the number of people there are to reach.",
        )


def _parts(study: Study) -> Iterator[Finding]:
    """Every committed part is there, readable to the end, and holds as many rows as the record of its import says."""
    records = study.imports()
    count = broken = 0
    for record in records:
        for table, rows in record.parts.items():
            if rows:
                count += 1
                trouble = _trouble(study.part(table, record.fingerprint), rows)
                if trouble:
                    broken += 1
                    remedy = f"Delete imports/{record.fingerprint}.json and import {record.source} again."
                    yield Finding("parts", "failed", f"{table} of {record.source}: {trouble}.", remedy)
    if not broken:
        rows = sum(record.read for record in records)
        yield Finding(
            "parts", "ok", f"{count:,} parts of {len(records):,} imports, {rows:,} rows read, all there and readable"
        )


def _trouble(file: Path, rows: int) -> str | None:
    """Return what is wrong with a Parquet file that should hold `rows` rows, None if nothing is."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            held = sum(batch.num_rows for batch in parquet.iter_batches())
    except FileNotFoundError:
        return f"{file.name} is missing"
    except (OSError, pa.ArrowException) as error:
        return f"{file.name} cannot be read ({str(error).splitlines()[0]})"
    return None if held == rows else f"{file.name} holds {held:,} rows, its record says {rows:,}"


def _orphans(study: Study) -> Iterator[Finding]:
    """Files that no record names: an import or a step was killed while it wrote. They count for nothing."""
    from influence.tables import SCHEMAS

    committed = {part for table in SCHEMAS for part in study.parts(table)}
    orphans = [file for file in sorted((study.folder / "tables").glob("*/*")) if file not in committed]
    orphans += sorted((study.folder / "results").glob("*/.*"))
    orphans += sorted((study.folder / ".scratch").glob("*"))
    if orphans:
        size = sum(file.stat().st_size for orphan in orphans for file in (orphan, *orphan.rglob("*")) if file.is_file())
        names = _some([str(orphan.relative_to(study.folder)) for orphan in orphans])
        detail = f"{len(orphans):,} files of interrupted work, {_size(size)}; they count for nothing: {names}"
        yield Finding("remains", "note", detail)


def _results(study: Study) -> Iterator[Finding]:
    """Results are readable and of as many rows as their run recorded; which steps are out of date."""
    from influence.pipeline import STEPS, is_fresh

    if not study.imports():
        yield Finding("results", "note", "nothing was imported yet: influence import FILE")
        return
    count = broken = 0
    for step in STEPS:
        for result in study.results(step):
            for table, rows in result.run.get("rows", {}).items():
                count += 1
                trouble = _trouble(result.file(table), rows)
                if trouble:
                    broken += 1
                    remedy = f"Delete {result.folder} and run: influence run"
                    yield Finding("results", "failed", f"{step}: {trouble}.", remedy)
    if not broken:
        yield Finding("results", "ok", f"{count:,} result tables, all readable")
    stale = [step for step in STEPS if not is_fresh(study, step)]
    if stale:
        yield Finding("up to date", "note", f"to be computed: {', '.join(stale)} (influence run)")


def _roster(study: Study) -> Iterator[Finding]:
    """Rows of the roster that name nobody in the data: a misspelt handle makes a leader disappear."""
    from influence.roster import read_roster, roster_overlay

    file = study.folder / study.settings.roster
    if not file.is_file():
        yield Finding("roster", "warning", f"there is no {file}.", "Without it every account is of kind unknown.")
        return
    rows = read_roster(file)
    if not rows:
        yield Finding("roster", "warning", f"{file} is empty.", "Say in it who is a leader and who is a medium.")
        return
    overlay = roster_overlay(rows, study.raw("actors"), study.engine.fetch).to_pylist()
    known = _ids(study, "actors") | _ids(study, "audiences")
    lost = [row["name"] or row["handle"] or row["actor_id"] for row in overlay if row["actor_id"] not in known]
    if lost:
        detail = f"{len(lost):,} of {len(rows):,} rows match no account and no audience: {_some(lost)}."
        yield Finding("roster", "warning", detail, "Check the handles, or import what these accounts wrote.")
    else:
        yield Finding("roster", "ok", f"{len(rows):,} rows, all of them found in the data")


def _ids(study: Study, table: str) -> set[str]:
    ids = study.table("audiences") if table == "audiences" else study.raw(table)
    return set(study.engine.fetch(ids.select("actor_id").distinct())["actor_id"].to_pylist())


def _audiences(study: Study) -> Iterator[Finding]:
    """Audience figures whose actor is named nowhere else have no kind, and so stand in no comparison."""
    actors = study.table("actors")
    media = set(study.engine.fetch(actors.filter(actors.kind != "unknown").select("actor_id"))["actor_id"].to_pylist())
    without = sorted(_ids(study, "audiences") - media)
    if without:
        detail = f"{len(without):,} media have audience figures but no kind: {_some(without)}."
        yield Finding("audiences", "warning", detail, f"Name them in {study.settings.roster} with kind media.")


def _interactions(study: Study) -> Iterator[Finding]:
    """Interactions whose target is known neither by id nor by the post that was acted on."""
    total, used = (
        int(study.engine.connection.to_pyarrow(rows.count()).as_py())
        for rows in (study.raw("interactions"), study.table("interactions"))
    )
    if total > used:
        detail = f"{total - used:,} of {total:,} act on an account that is not in the data; they are left out"
        yield Finding("interactions", "note", detail)
    elif total:
        yield Finding("interactions", "ok", f"{total:,}, all with a known target")


def _rejects(study: Study) -> Iterator[Finding]:
    records = study.imports()
    rejected, read = sum(record.rejected for record in records), sum(record.read for record in records)
    if rejected:
        yield Finding("rejects", "note", f"{rejected:,} of {read:,} rows were not taken (influence show rejects)")


def _room(study: Study) -> Iterator[Finding]:
    yield _disk_at(study.folder, "where the study is")


def _some(names: list[str]) -> str:
    rest = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {rest:,} more" if rest > 0 else "")


_STUDY: dict[str, Callable[[Study], Iterator[Finding]]] = {
    "study": _settings,
    "disk": _room,
    "parts": _parts,
    "remains": _orphans,
    "rejects": _rejects,
    "roster": _roster,
    "audiences": _audiences,
    "interactions": _interactions,
    "results": _results,
}
