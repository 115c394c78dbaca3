"""The study folder: tables in atomic parts, results keyed by their parameters, and how each came to be.

A part of a table counts only once the record of its import is written, and a result only once its `run.json` stands,
so that a kill at any moment leaves either the state before or the state after, never something between.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.engine import Engine
from influence.errors import InputError, StudyError
from influence.files import content_hash, sync, write_text, writing
from influence.progress import Progress, silent
from influence.records import ImportRecord, Result, chosen_result
from influence.settings import SETTINGS_FILE, TEMPLATE, Settings, read_settings
from influence.tables import SCHEMA_VERSION, SCHEMAS, schema_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

__all__ = ["Study"]

ROSTER_TEMPLATE = """\
actor_id,platform,handle,url,name,person,kind,followers,followers_at
"""


class Study:
    """A study folder, open for reading and, one process at a time, for writing."""

    def __init__(self, folder: Path, settings: Settings, *, engine: str = "duckdb") -> None:
        self.folder, self.settings = folder, settings
        self.engine = Engine(engine, scratch=folder / ".scratch", memory=settings.engine.memory)
        self._views: dict[str, tuple[str, ir.Table]] = {}

    # -- the folder ---------------------------------------------------------------------------------------------

    @classmethod
    def open(cls, folder: str | Path, *, engine: str = "duckdb") -> Study:
        """Open a study.

        Raises StudyError if the folder is no study or is of a newer version.
        """
        path = Path(folder)
        return cls(path, read_settings(path), engine=engine)

    @classmethod
    def create(cls, folder: str | Path, *, name: str | None = None, engine: str = "duckdb") -> Study:
        """Make a study folder with a commented `study.toml` and a roster template, and open it.

        Raises StudyError if there is a study already or the folder cannot be written.
        """
        path = Path(folder)
        if (path / SETTINGS_FILE).exists():
            raise StudyError(f"{path} is a study already. Import into it, or name another folder.")
        text = TEMPLATE.format(version=SCHEMA_VERSION, name=json.dumps(name or path.resolve().name, ensure_ascii=False))
        with writing(path):
            path.mkdir(parents=True, exist_ok=True)
            if not (path / "actors.csv").exists():
                write_text(path / "actors.csv", ROSTER_TEMPLATE)
            write_text(path / SETTINGS_FILE, text)
        return cls.open(path, engine=engine)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the study's lock: one process writes at a time; others wait up to a minute.

        Raises StudyError if another process keeps the lock or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        with writing(self.folder):
            lock = FileLock(self.folder / ".lock")
            try:
                with lock.acquire(timeout=60):
                    yield
            except Timeout as error:
                raise StudyError(
                    f"{self.folder} is being written by another process. Try again when it is done."
                ) from error

    @contextlib.contextmanager
    def scratch(self) -> Iterator[Path]:
        """Give a fresh scratch folder inside the study, removed afterwards."""
        with writing(self.folder):
            folder = self.folder / ".scratch" / uuid.uuid4().hex
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # -- tables -------------------------------------------------------------------------------------------------

    def imports(self) -> list[ImportRecord]:
        """Return the records of all finished imports, oldest first."""
        records = []
        for file in sorted((self.folder / "imports").glob("*.json")):
            try:
                raw = json.loads(file.read_text(encoding="utf-8"))
                records.append(ImportRecord(**{**raw, "notes": tuple(raw["notes"])}))
            except (OSError, ValueError, TypeError, KeyError) as error:
                raise StudyError(f"{file} is damaged ({error}). Delete it and import its file again.") from error
        return sorted(records, key=lambda record: (record.finished_at, record.fingerprint))

    def part(self, table: str, fingerprint: str) -> Path:
        """Return the path of the part that an import adds to a table."""
        return self.folder / "tables" / table / f"part-{fingerprint[:16]}.parquet"

    def parts(self, table: str) -> list[Path]:
        """Return the committed parts of a table; a part of an import that was killed is not among them."""
        schema_of(table)
        return [self.part(table, record.fingerprint) for record in self.imports() if record.parts.get(table)]

    def raw(self, table: str) -> ir.Table:
        """Return a table as it was imported, ids unresolved and observations of actors unmerged."""
        return self.engine.parquet(self.parts(table), SCHEMAS[table])

    def table(self, name: str) -> ir.Table:
        """Return a table of the data contract as an Ibis expression, handles resolved to ids and the roster laid over.

        Raises InputError if the contract has no such table.
        """
        from influence.views import VIEWS

        schema_of(name)
        return self.remembered(name, (name, "actors"), VIEWS[name])

    def remembered(self, name: str, tables: tuple[str, ...], make: Callable[[Study], ir.Table]) -> ir.Table:
        """Return what `make` makes of this study, made again only when one of the tables or the roster has changed."""
        state = self.state_of(tables)
        if name not in self._views or self._views[name][0] != state:
            self._views[name] = (state, make(self))
        return self._views[name][1]

    def commit(self, record: ImportRecord, staged: Mapping[str, Path]) -> None:
        """Take the staged parts of one import into the study, all or nothing.

        The record is written last: before that no reader sees the parts.
        """
        with writing(self.folder):
            for table, file in staged.items():
                target = self.part(table, record.fingerprint)
                target.parent.mkdir(parents=True, exist_ok=True)
                sync(file)
                os.replace(file, target)
            (self.folder / "imports").mkdir(exist_ok=True)
            text = json.dumps(asdict(record), ensure_ascii=False, indent=1)
            write_text(self.folder / "imports" / f"{record.fingerprint}.json", text)
        self._views.clear()

    def state_of(self, tables: tuple[str, ...]) -> str:
        """Return a hash of everything that the given tables are made of; it changes when an import adds to them."""
        parts = {table: [file.name for file in self.parts(table)] for table in tables}
        roster = self.folder / self.settings.roster
        roster_hash = hashlib.sha256(roster.read_bytes()).hexdigest() if roster.is_file() else None
        return content_hash([parts, roster_hash])

    # -- results ------------------------------------------------------------------------------------------------

    def result_folder(self, step: str, params: Mapping[str, object]) -> Path:
        """Return the folder of the result of a step with these parameters."""
        return self.folder / "results" / step / content_hash(params)[:16]

    def results(self, step: str) -> list[Result]:
        """Return the finished results of a step, the latest last."""
        found = []
        for file in (self.folder / "results" / step).glob("[!.]*/run.json"):
            try:
                found.append(Result(step, file.parent, json.loads(file.read_text(encoding="utf-8"))))
            except (OSError, ValueError):  # replaced under our eyes, or damaged: the step counts as not done
                continue
        return sorted(found, key=lambda result: str(result.run.get("finished_at", "")))

    def result(self, step: str, params: Mapping[str, object] | None = None) -> Result | None:
        """Return the result of a step with these parameters (the latest if None), None if there is none."""
        if params is None:
            found = self.results(step)
            return found[-1] if found else None
        folder = self.result_folder(step, params)
        return next((result for result in self.results(step) if result.folder == folder), None)

    def save_result(
        self,
        step: str,
        params: Mapping[str, object],
        tables: Mapping[str, pa.Table | ir.Table],
        run: Mapping[str, object],
    ) -> Result:
        """Write the tables of a result and then its `run.json`; an earlier result with the same parameters is replaced.

        A table given as an expression is run straight into its file.
        """
        target = self.result_folder(step, params)
        fresh = target.with_name(f".new-{uuid.uuid4().hex}")
        old = target.with_name(f".old-{uuid.uuid4().hex}")
        with writing(self.folder):
            fresh.mkdir(parents=True)
            rows = {name: self._write(table, fresh / f"{name}.parquet") for name, table in tables.items()}
            record = {**run, "step": step, "params": dict(params), "rows": rows}
            write_text(fresh / "run.json", json.dumps(record, ensure_ascii=False, indent=1, default=str))
            if target.exists():
                os.rename(target, old)
            os.rename(fresh, target)
            for rest in target.parent.glob(".[no]*-*"):
                shutil.rmtree(rest, ignore_errors=True)
        return Result(step, target, record)

    def _write(self, table: pa.Table | ir.Table, file: Path) -> int:
        import pyarrow as pa
        import pyarrow.parquet as pq

        if isinstance(table, pa.Table):
            pq.write_table(table, file, compression="zstd")
        else:
            self.engine.write(table, file)
        return int(pq.read_metadata(file).num_rows)

    # -- what people do with a study ----------------------------------------------------------------------------

    def import_(self, *paths: str | Path, **options: Any) -> list[ImportRecord]:
        """Import files or folders; see `influence.intake.import_paths` for the options and errors."""
        from influence.intake import import_paths

        return import_paths(self, [Path(path) for path in paths], **options)

    def reach(self, **params: Any) -> pa.Table:
        """Return table `reach`: every actor's reach, of each kind, with its interval."""
        return self._step("reach", "reach", params)

    def compare(self, **params: Any) -> pa.Table:
        """Return table `comparison`: leaders against traditional media, one by one and as groups."""
        return self._step("compare", "comparison", params)

    def leaders(self, **params: Any) -> pa.Table:
        """Return table `leaders`: who is reshared, with rank intervals."""
        return self._step("leaders", "leaders", params)

    def cascades(self, **params: Any) -> pa.Table:
        """Return table `cascades`: how each item spread, over plausible trees."""
        return self._step("cascades", "cascades", params)

    def coordination(self, **params: Any) -> pa.Table:
        """Return table `coordination_edges`: who shared the same things at nearly the same time."""
        return self._step("coordination", "coordination_edges", params)

    def classify(self, **params: Any) -> pa.Table:
        """Return table `labels`: which posts call people to act, openly or by manipulation."""
        return self._step("classify", "labels", params)

    def flags(self, **params: Any) -> pa.Table:
        """Return table `flags`: accounts proposed for review."""
        return self._step("flags", "flags", params)

    def action(self, **params: Any) -> pa.Table:
        """Return table `action`: activity around calls to act, and what people did where somebody counted it."""
        return self._step("action", "action", params)

    def _step(self, step: str, table: str, params: dict[str, Any]) -> pa.Table:
        from influence.pipeline import run_step

        progress = params.pop("progress", silent)
        return run_step(self, step, params, progress=progress).arrow(table)

    def run(self, *, progress: Progress = silent) -> list[tuple[str, Result, bool]]:
        """Run every step that is out of date; return each step's name, its result, and whether it was computed now."""
        from influence.pipeline import run_all

        return run_all(self, progress=progress)

    def report(self, **options: Any) -> list[Path]:
        """Write the report; see `influence.report.write_report` for the options and errors."""
        from influence.report import write_report

        return write_report(self, **options)

    def results_of(self, name: str) -> list[Result]:
        """Return the results that have a table of this name, the latest last.

        Raises InputError if no step makes such a table.
        """
        from influence.pipeline import RESULT_TABLES

        if name not in RESULT_TABLES:
            raise InputError(f"{name!r} is no result table; there are {', '.join(RESULT_TABLES)}.")
        return [result for result in self.results(RESULT_TABLES[name]) if result.file(name).is_file()]

    def show(self, name: str, *, params: str | None = None) -> ir.Table:
        """Return a table of the contract, or a result table of that name, as an expression.

        `params` names the result: the beginning of its hash, or `window_s=60,null=none`; None is the latest.
        Raises InputError if there is no such table or no such result, StudyError if its step was not run yet.
        """
        from influence.pipeline import RESULT_TABLES, command_of

        if name in SCHEMAS:
            if params is not None:
                raise InputError(f"{name} is a table of the data: it has no parameters. Leave --params out.")
            return self.table(name)
        if name not in RESULT_TABLES:
            raise InputError(f"there is no table {name!r}; there are {', '.join([*SCHEMAS, *RESULT_TABLES])}.")
        found = self.results_of(name)
        if not found:
            raise StudyError(f"table {name} is not there yet. Make it with: {command_of(RESULT_TABLES[name])}")
        chosen = found[-1] if params is None else chosen_result(found, params)
        table: ir.Table = self.engine.connection.read_parquet(str(chosen.file(name)))
        return table
