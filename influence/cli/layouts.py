"""How each result is set for a reader: a name instead of an id, an interval beside its value, why a cell is empty."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.display import Column, Grid, clean
from influence.show import NOTHING, cell, interval, number

if TYPE_CHECKING:
    from influence.doctor import Finding
    from influence.records import ImportRecord, Result

__all__ = [
    "brackets",
    "comparison_grids",
    "findings_grid",
    "imports_grid",
    "kind_of",
    "label_grid",
    "more",
    "near",
    "reach_grid",
    "results_grid",
    "scores_grid",
    "steps_grid",
    "who",
    "without_unknown_kinds",
]

Actors = Mapping[str, Mapping[str, str | None]]
Row = dict[str, Any]

KINDS_OF_REACH = ("potential", "exposed", "engaged", "simulated")
WHOLE_NUMBERS = ("difference", "union", "incremental", "exclusive", "duplication", "leaders_to_match")
LABELS = ("positive", "manipulative", "undetermined", "none")


def who(actor_id: str, actors: Actors) -> str:
    """Return what a reader calls an actor: the name, else the handle, else the id."""
    actor = actors.get(actor_id, {})
    return clean(actor.get("name") or actor.get("handle") or actor_id.removeprefix("press:"))


def kind_of(actor_id: str, actors: Actors) -> str:
    return actors.get(actor_id, {}).get("kind") or "unknown"


class _Reasons:
    """Reasons why a figure is missing: a number in the cell, the sentence below the table."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}

    def marked(self, text: str, reason: str | None) -> str:
        if not reason:
            return text
        return f"{text} [{self._numbers.setdefault(clean(reason), len(self._numbers) + 1)}]"

    def notes(self) -> list[str]:
        return [f"[{number}] {reason}" for reason, number in self._numbers.items()]


def _figure(row: Row, reasons: _Reasons, *, whole: bool) -> str:
    """Return value and interval; where there is no value, the range alone and why."""
    shown = interval(row["value"], row["low"], row["high"], whole=whole)
    return reasons.marked(shown, row["reason_missing"]) if row["value"] is None else shown


def _reach(row: Row, reasons: _Reasons) -> str:
    """Return a figure of reach in whole people; a simulated one below 10 is a mean that needs its decimal."""
    value, low, high = (row[name] for name in ("value", "low", "high"))
    if row["kind_of_reach"] != "simulated" or value is None or value >= 10 or None in (low, high):
        return _figure(row, reasons, whole=True)
    if low == value == high:
        return number(value)
    return f"{value:.1f} ({low:.1f}–{high:.1f})"


def _estimators(rows: Iterable[Row]) -> str:
    """Return how the figures were estimated, each way once."""
    given = (clean(row["estimator"].replace("_", " ")) for row in rows if row["estimator"])
    return "; ".join(dict.fromkeys(part for name in given for part in name.split("; ")))


def imports_grid(records: Sequence[ImportRecord]) -> Grid:
    """Return the reconciliation: a row per file, and their sum."""
    columns = [
        Column("file", least=16, keep_end=True),
        Column("format", least=8, drop=1),
        *(Column(name, right=True) for name in ("read", "kept", "duplicates", "rejected")),
    ]
    rows = [[near(record.source), record.format, *_counts(record)] for record in records if record.fingerprint]
    if len(rows) > 1:
        sums = [sum(getattr(record, name) for record in records) for name in ("read", "kept", "duplicates", "rejected")]
        rows.append(["all files", "", *(f"{count:,}" for count in sums)])
    return Grid(columns, rows, notes=("read = kept + duplicates + rejected",))


def near(path: str) -> str:
    """Return a path as it is named from the current folder, if it lies below."""
    with contextlib.suppress(ValueError):
        return clean(str(Path(path).resolve().relative_to(Path.cwd())))
    return clean(path)


def _counts(record: ImportRecord) -> list[str]:
    return [f"{count:,}" for count in (record.read, record.kept, record.duplicates, record.rejected)]


def reach_grid(
    rows: Iterable[Row], actors: Actors, *, total: int, confidence: float, assumed: Sequence[str] = ()
) -> Grid:
    """Return a row per actor and a column per kind of reach; `assumed` are lines on assumptions and their sources."""
    cells: dict[str, dict[str, Row]] = {}
    for row in rows:
        cells.setdefault(row["actor_id"], {})[row["kind_of_reach"]] = row
    known = [kind for kind in KINDS_OF_REACH if any(kind in found for found in cells.values())]
    reasons = _Reasons()
    body = [
        [
            who(actor, actors),
            kind_of(actor, actors),
            *(_reach(found[kind], reasons) if kind in found else NOTHING for kind in known),
        ]
        for actor, found in cells.items()
    ]
    columns = [Column("who", least=14), Column("kind", drop=1), *(Column(kind, right=True) for kind in known)]
    columns, body = without_unknown_kinds(columns, body)
    ways = {kind: _estimators(found[kind] for found in cells.values() if kind in found) for kind in known}
    notes = [
        *reasons.notes(),
        *(f"{kind}: {way}" for kind, way in ways.items() if way),
        *assumed,
        brackets(confidence),
        *more(len(cells), total, "actors", "reach"),
    ]
    return Grid(columns, body, title="Reach, in people, by what it counts; never to be summed", notes=notes)


def without_unknown_kinds(columns: list[Column], rows: list[list[str]]) -> tuple[list[Column], list[list[str]]]:
    """Return a grid without its column of kinds where no roster says any."""
    if any(row[1] != "unknown" for row in rows):
        return columns, rows
    return [columns[0], *columns[2:]], [[row[0], *row[2:]] for row in rows]


def brackets(confidence: float) -> str:
    """Return what the brackets of a figure say."""
    return f"In brackets: {confidence:.0%} intervals; a range with nothing before it is all that the data can say."


def more(shown: int, total: int, what: str, table: str) -> list[str]:
    return [f"{shown:,} of {total:,} {what}; all: influence show {table} --limit 0"] if total > shown else []


def comparison_grids(rows: Iterable[Row], actors: Actors) -> list[Grid]:
    """Return a grid per kind of reach: the measures as rows, what is compared with what, value and interval."""
    sections: dict[str, list[Row]] = {}
    for row in rows:
        sections.setdefault(row["kind_of_reach"], []).append(row)
    columns = [
        Column("measure"),
        Column("of", least=10, wrap=True),
        Column("with", least=10, wrap=True),
        Column("figure", right=True),
    ]
    grids = []
    for kind in sorted(sections, key=lambda kind: KINDS_OF_REACH.index(kind) if kind in KINDS_OF_REACH else 9):
        if all(row["low"] is None and row["high"] is None and row["value"] is None for row in sections[kind]):
            why = dict.fromkeys(
                part for row in sections[kind] for part in (row["reason_missing"] or "").split("; ") if part
            )
            grids.append(Grid(columns, (), title=f"By {kind} reach: nothing can be said", notes=list(why)))
            continue
        reasons = _Reasons()
        body = [
            [
                row["measure"].replace("_", " "),
                _side(row["a"], row["n_a"], actors),
                _side(row["b"], row["n_b"], actors),
                _figure(row, reasons, whole=row["measure"] in WHOLE_NUMBERS),
            ]
            for row in sections[kind]
        ]
        notes = [*reasons.notes(), _estimators(sections[kind])]
        grids.append(Grid(columns, body, title=f"By {kind} reach", notes=[note for note in notes if note]))
    return grids


def _side(name: str | None, members: int | None, actors: Actors) -> str:
    """Return an actor's name, or a group with the number of its members that have a figure."""
    if not name:
        return ""
    if name in actors:
        return who(name, actors)
    group = name.replace("_", " ") if name.startswith("all_") else f"typical {name}"
    return f"{group} ({members:,})" if members is not None else group


def label_grid(counts: Iterable[Row], unvalidated: Collection[str] = ()) -> Grid:
    """Return how many posts of each language bear which label; `counts` has `lang, label, n`.

    Languages for which the model cannot vouch are marked.
    """
    table: Counter[tuple[str, str]] = Counter()
    for row in counts:
        table[row["lang"] or "unknown", row["label"]] += row["n"]
    languages = sorted({lang for lang, _ in table}, key=lambda lang: -sum(table[lang, label] for label in LABELS))
    columns = [Column("language"), *(Column(label, right=True) for label in LABELS), Column("posts", right=True)]
    body = [
        [
            f"{lang} *" if lang in unvalidated else lang,
            *(f"{table[lang, label]:,}" for label in LABELS),
            f"{sum(table[lang, label] for label in LABELS):,}",
        ]
        for lang in languages
    ]
    marked = [lang for lang in languages if lang in unvalidated]
    notes = ["* unvalidated: too few checked labels in this language to vouch for the model's"] if marked else []
    if len(languages) > 1:
        sums = [sum(table[lang, label] for lang in languages) for label in LABELS]
        body.append(["all", *(f"{count:,}" for count in sums), f"{sum(sums):,}"])
    return Grid(columns, body, title="Posts by label: the model's, unreviewed", notes=notes)


def scores_grid(scores: Iterable[Row]) -> Grid:
    """Return what a model scored on posts kept aside: a row per kind of posts, language, measure and model."""
    columns = [
        Column("posts", least=10),
        Column("language"),
        Column("measure", least=16),
        Column("model", drop=1),
        Column("value", right=True),
        Column("n", right=True),
    ]
    rows = [
        [
            *(clean(str(row[name])) for name in ("posts", "language", "measure", "model")),
            interval(row["value"], row["low"], row["high"], whole=False),
            number(row["n"]),
        ]
        for row in scores
    ]
    return Grid(columns, rows, title="Scores on posts kept aside; in brackets 95% intervals")


def results_grid(table: str, results: Sequence[Result]) -> Grid:
    """Return a row per result of a table, the latest first; parameters that are the same in all are said once."""
    params = [result.run.get("params", {}) for result in results]
    names = list(dict.fromkeys(name for found in params for name in found))
    differing = [name for name in names if len({repr(found.get(name)) for found in params}) > 1]
    columns = [Column("result"), Column("made"), Column("rows", right=True)]
    columns += [Column(name, least=6, drop=place + 1) for place, name in enumerate(differing)]
    body = []
    for result, found in zip(reversed(results), reversed(params), strict=True):
        made, rows = str(result.run.get("finished_at", ""))[:16].replace("T", " "), result.run.get("rows", {})
        cells = [cell(found.get(name)) for name in differing]
        body.append([result.folder.name, made, number(rows.get(table)), *cells])
    notes = [f"The first is shown; another with: influence show {table} --params HASH"] if results else ["None yet."]
    same = [f"{name} {cell(params[0].get(name))}" for name in names if name not in differing]
    if len(results) > 1 and same:
        notes.append(f"The same in all: {', '.join(same)}.")
    elif results:
        notes.append(f"Its parameters: {', '.join(same)}.")
    return Grid(columns, body, title=f"Results with a table {table}", notes=notes)


def steps_grid(outcomes: Sequence[tuple[str, Result, bool]]) -> Grid:
    """Return what `run` did: a row per step."""
    columns = [Column("step"), Column("outcome"), Column("seconds", right=True), Column("rows", right=True)]
    rows = []
    for name, result, computed in outcomes:
        count = sum(int(rows) for rows in result.run.get("rows", {}).values())
        seconds = number(result.run.get("seconds")) if computed else NOTHING
        rows.append([name, "computed" if computed else "up to date", seconds, f"{count:,}"])
    return Grid(columns, rows)


def findings_grid(findings: Sequence[Finding]) -> Grid:
    """Return what `doctor` found: a row per check, and what to do below it."""
    styles = {"ok": "green", "note": "cyan", "warning": "yellow", "failed": "bold red"}
    columns = [Column("", styles=styles), Column("check", least=12, wrap=True), Column("found", least=24, wrap=True)]
    rows = []
    for finding in findings:
        remedy = f" {finding.remedy}" if finding.remedy and finding.status in ("warning", "failed") else ""
        rows.append([finding.status, finding.check, clean(finding.detail + remedy)])
    return Grid(columns, rows)
