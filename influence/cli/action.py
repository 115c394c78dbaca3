"""What `influence compare --by action` prints: activity around calls, and beside it what people did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from influence.cli.layouts import brackets, who
from influence.display import Column, Grid
from influence.show import NOTHING, interval, number

if TYPE_CHECKING:
    from influence.records import Result
    from influence.study import Study

__all__ = ["action_grids", "print_action"]

Row = dict[str, Any]
Actors = Mapping[str, Mapping[str, str | None]]
_GROUPS = ("leader", "media", "party", "ngo", "union", "state")

SAID = (
    "Activity is not action: who likes, answers or passes on a call has done that online, and nothing more is known.",
    "Actions are what somebody counted; those who acted need not be those who engaged.",
)


def print_action(study: Study, result: Result) -> None:
    """Print the two tables, what they mean, and what is missing."""
    from influence.cli.base import named
    from influence.display import print_grid, print_lines

    rows = result.arrow("action").to_pylist()
    actors = named(study, {row["a"] for row in rows})
    for grid in action_grids(rows, actors):
        print_grid(grid)
        print()
    print_lines([*SAID, brackets(result.run["params"]["confidence"]), "All rows: influence show action --limit 0"])


def action_grids(rows: Iterable[Row], actors: Actors) -> list[Grid]:
    """Return the table of activity, and that of actions (with a note instead of rows where nothing was counted)."""
    found = list(rows)
    return [_activity(found, actors), _actions(found, actors)]


def _name(a: str, actors: Actors) -> str:
    if a in actors:
        return who(a, actors)
    return a.replace("_", " ") if a.startswith("all_") else f"typical {a}"


def _activity(rows: list[Row], actors: Actors) -> Grid:
    cells: dict[str, dict[tuple[str, str], Row]] = {}
    for row in rows:
        if row["action"] is None and row["a"] not in _GROUPS:
            cells.setdefault(row["a"], {})[row["measure"], row["kind"]] = row
    reasons: dict[str, int] = {}
    body = []
    shown = {a: found for a, found in cells.items() if found["posts", "all"]["value"]}
    for a, found in shown.items():
        calls = [number(found["calls", kind]["value"]) for kind in ("positive", "manipulative")]
        body.append(
            [
                _name(a, actors),
                number(found["posts", "all"]["value"]),
                f"{calls[0]} + {calls[1]}",
                _shown(found["engaged_all", "all"], reasons, whole=True),
                _shown(found["engaged_calls", "call"], reasons, whole=True),
                _shown(found["share_engaging_with_calls", "call"], reasons),
            ]
        )
    columns = [
        Column("who", least=12),
        Column("posts", right=True, drop=1),
        Column("calls:\nopen + man.", right=True),
        Column("engaged\nwith posts", right=True),
        Column("engaged\nwith calls", right=True),
        Column("share of\naccounts seen", right=True),
    ]
    notes = [f"[{place}] {reason}" for reason, place in reasons.items()]
    if len(shown) < len(cells):
        notes.append(f"{len(cells) - len(shown)} without labelled posts are not shown.")
    return Grid(columns, body, title="Activity online: accounts that engaged with posts, and with calls", notes=notes)


def _shown(row: Row, reasons: dict[str, int], *, whole: bool | None = None) -> str:
    text = interval(row["value"], row["low"], row["high"], whole=whole)
    if row["value"] is not None or not row["reason_missing"]:
        return text
    return f"{text} [{reasons.setdefault(row['reason_missing'], len(reasons) + 1)}]"


def _actions(rows: list[Row], actors: Actors) -> Grid:
    cells: dict[tuple[str, str, str], dict[str, Row]] = {}
    for row in rows:
        if row["action"] is not None and row["kind"] == "call" and row["a"] not in _GROUPS:
            cells.setdefault((row["a"], row["action"], row["basis"] or ""), {})[row["measure"]] = row
    reasons: dict[str, int] = {}
    body = []
    for (a, action, basis), found in cells.items():
        line = [
            _name(a, actors),
            action,
            number(found["actions"]["value"], whole=None) if "actions" in found else NOTHING,
        ]
        for measure in ("conversion_engaged", "conversion_exposed"):
            line.append(_shown(found[measure], reasons, whole=False) if measure in found else NOTHING)
        line.append({"post": "named calls", "actor": "all its calls"}.get(basis, basis))
        body.append(line)
    columns = [
        Column("who", least=12),
        Column("action", least=8),
        Column("counted", right=True),
        Column("per account\nengaged", right=True),
        Column("per view", right=True),
        Column("set against", drop=1),
    ]
    notes = [f"[{place}] {reason}" for reason, place in reasons.items()]
    if not body:
        notes.append("Nobody counted actions in this study. Import such counts: influence import FILE --table actions")
    else:
        notes.append("Ratios, which may exceed 1: no probabilities that an account acts.")
    return Grid(columns, body, title="Action: what people were counted doing", notes=notes)
