"""Decisions from and for spreadsheets: CSV or JSON lines, one decision a row."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import InputError
from influence.files import write_text
from influence.review.decision import Decision
from influence.review.store import ReviewStore, as_row

if TYPE_CHECKING:
    from influence.study import Study

__all__ = ["COLUMNS", "Imported", "export_decisions", "import_decisions"]

NEEDED = ("post_id", "reviewer", "call")
COLUMNS = (*NEEDED, "verdict", "call_types", "techniques", "spans", "comment", "blind", "model", "role", "at")
_SEALED = ("number", "previous", "hash")
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0", "")


@dataclass(frozen=True)
class Imported:
    """What an import of decisions did: rows read, recorded, and left out because they stand there already."""

    read: int
    recorded: int
    known: int


def import_decisions(study: Study, file: str | Path) -> Imported:
    """Record the decisions of a CSV or JSONL file, all or none.

    Columns: `post_id, reviewer, call`, and as wanted `verdict, call_types, techniques, spans, comment, blind, model,
    role, at`. Lists are separated by `;` in CSV (or are JSON); an empty cell
    of `techniques` is "not asked", `[]` is "none".
    A row that says what its reviewer said of that post last is left out, so the same file twice adds nothing.

    Raises InputError with the row if one cannot be used, or if the study has no such post.
    """
    source, store = Path(file), ReviewStore(study.folder)
    rows = [(number, *_decision(source, number, row)) for number, row in _rows(source)]
    _check_posts(study, source, [(number, decision) for number, decision, _ in rows])
    latest = {(r.decision.post_id, r.decision.reviewer, r.decision.role): r.decision for r in store.decisions()}
    fresh = []
    for _, decision, at in rows:
        key = (decision.post_id, decision.reviewer, decision.role)
        if key not in latest or latest[key].labels() != decision.labels():
            fresh.append((decision, at))
            latest[key] = decision
    if fresh:
        store.record(*(decision for decision, _ in fresh), at=[at for _, at in fresh])
    return Imported(len(rows), len(fresh), len(rows) - len(fresh))


def export_decisions(study: Study, file: str | Path) -> int:
    """Write all decisions with their places in the chain as CSV or JSONL by the file's ending; returns how many.

    What was written can be imported into another copy of the study.
    """
    target = Path(file)
    rows = [as_row(one) for one in ReviewStore(study.folder).decisions()]
    if target.suffix.lower() == ".jsonl":
        write_text(target, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    elif target.suffix.lower() == ".csv":
        with target.open("w", encoding="utf-8", newline="") as opened:
            writer = csv.DictWriter(opened, ["number", *COLUMNS, "previous", "hash"])
            writer.writeheader()
            writer.writerows({name: _cell(value) for name, value in row.items()} for row in rows)
    else:
        raise InputError(f"{target}: decisions are written as .csv or .jsonl. Name such a file.")
    return len(rows)


def _cell(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return json.dumps(value, ensure_ascii=False)
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _rows(file: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        if file.suffix.lower() == ".jsonl":
            for number, line in enumerate(file.read_text(encoding="utf-8-sig").splitlines(), start=1):
                if line.strip():
                    row = json.loads(line)
                    _check_columns(file, number, list(row))
                    yield number, row
            return
        with file.open(encoding="utf-8-sig", newline="") as opened:
            head = opened.readline()
            opened.seek(0)
            reader = csv.DictReader(opened, delimiter=";" if head.count(";") > head.count(",") else ",")
            _check_columns(file, 1, list(reader.fieldnames or ()))
            for row in reader:
                if None in row:
                    raise InputError(
                        f"{file}:{reader.line_num}: has more cells than the header. Quote cells with commas."
                    )
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error, json.JSONDecodeError, TypeError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Give decisions as CSV or JSON lines in UTF-8.") from error


def _check_columns(file: Path, number: int, names: Sequence[str]) -> None:
    for name in NEEDED:
        if name not in names:
            raise InputError(f"{file}:{number}: no column {name!r}. Needed are {', '.join(NEEDED)}.")
    for name in names:
        if name not in (*COLUMNS, *_SEALED):
            raise InputError(f"{file}:{number}: column {name!r} is none of {', '.join(COLUMNS)}. Leave it out.")


def _decision(file: Path, number: int, row: dict[str, Any]) -> tuple[Decision, dt.datetime | None]:
    try:
        techniques = _list(row.get("techniques"))
        decision = Decision(
            post_id=str(row["post_id"] or "").strip(),
            reviewer=str(row["reviewer"] or "").strip(),
            call=str(row["call"] or "").strip(),
            verdict=str(row.get("verdict") or "").strip() or None,
            call_types=tuple(_list(row.get("call_types")) or ()),
            techniques=None if techniques is None else tuple(techniques),
            spans=_spans(row.get("spans")),
            comment=str(row.get("comment") or ""),
            blind=_flag(row.get("blind")),
            model=str(row.get("model") or "") or None,
            role=str(row.get("role") or "").strip() or "review",
        )
        return decision, _time(row.get("at"))
    except (ValueError, TypeError) as error:
        raise InputError(f"{file}:{number}: {error}") from error


def _list(cell: Any) -> list[str] | None:
    """None is "not asked"."""
    if cell is None or isinstance(cell, list):
        return cell
    text = str(cell).strip()
    if text.startswith("["):
        return [str(name) for name in json.loads(text)]
    return [name.strip() for name in text.replace(",", ";").split(";") if name.strip()] if text else None


def _spans(cell: Any) -> tuple[dict[str, Any], ...] | None:
    if isinstance(cell, str):
        cell = json.loads(cell) if cell.strip() else None
    if cell is not None and not isinstance(cell, list):
        raise ValueError(f"spans {cell!r} is no JSON list. Leave the cell empty, or give a list of spans.")
    return None if cell is None else tuple(cell)


def _flag(cell: Any) -> bool:
    text = str("" if cell is None else cell).strip().lower()
    if text not in (*_YES, *_NO):
        raise ValueError(f"blind {cell!r} is neither true nor false. Write one of these.")
    return text in _YES


def _time(cell: Any) -> dt.datetime | None:
    text = str(cell or "").strip()
    if not text:
        return None
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"at {text!r} is no time. Write it as 2026-03-01T12:00:00+00:00, or leave it out.") from error
    return found if found.tzinfo else found.replace(tzinfo=dt.UTC)


def _check_posts(study: Study, file: Path, rows: Sequence[tuple[int, Decision]]) -> None:
    asked = sorted({decision.post_id for _, decision in rows})
    if not asked:
        raise InputError(f"{file}: has no decision. Give at least one row under the header.")
    posts = study.table("posts")
    known = set(study.engine.fetch(posts.filter(posts.post_id.isin(asked)).select("post_id"))["post_id"].to_pylist())
    for number, decision in rows:
        if decision.post_id not in known:
            raise InputError(
                f"{file}:{number}: post {decision.post_id!r} is not in this study. Correct it, or import its posts."
            )
