"""Grids of the rankings of leaders and of cascades."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from influence.cli.layouts import Actors, kind_of, more, who, without_unknown_kinds
from influence.display import Column, Grid
from influence.show import NOTHING, interval, number

__all__ = ["agreement_grid", "cascades_grid", "firsts_grid", "leaders_grid", "not_ranked", "proposals_grid"]

Row = dict[str, Any]
NEEDS = {
    "betweenness": "reshares",
    "core": "reshares",
    "fib_index": "reshares of posts labelled manipulative",
    "followers": "follower counts",
    "h_index": "reshares that name the post",
    "pagerank": "reshares",
    "resharers": "reshares",
    "simulated": "simulated reach",
    "views": "views of posts",
}
"""What a ranking lacks where it ranks nobody."""


def leaders_grid(rows: Iterable[Row], actors: Actors, *, top_k: int, total: int) -> Grid:
    """Return a row per actor and, for each metric, score, rank with interval and the probability to be in the top."""
    from graphs.ranking.leaders import METRICS

    cells: dict[str, dict[str, Row]] = {}
    for row in rows:
        cells.setdefault(row["actor_id"], {})[row["metric"]] = row
    known = {metric for found in cells.values() for metric in found}
    metrics = [*(name for name in METRICS if name in known), *sorted(known - set(METRICS))]
    columns = [Column("who", least=14), Column("kind", drop=1)]
    for place, metric in enumerate(metrics):
        name = metric.replace("_", " ")
        later = 3 * place
        columns += [
            Column(name, right=True, drop=later + 4),
            Column(f"rank by\n{name}", right=True, drop=later + 2 if place else 0),
            Column(f"P(top {top_k})", right=True, drop=later + 3 if place else 0),
        ]
    body = []
    for actor, found in cells.items():
        line = [who(actor, actors), kind_of(actor, actors)]
        for metric in metrics:
            line += _ranked(found.get(metric))
        body.append(line)
    columns, body = without_unknown_kinds(columns, body)
    title = "Leaders, by whom others reshare; ranks with the interval over resamples"
    return Grid(columns, body, title=title, notes=more(len(cells), total, "actors", "leaders"))


def _ranked(row: Row | None) -> list[str]:
    if row is None:
        return [NOTHING] * 3
    rank, low, high = (row[name] for name in ("rank", "rank_low", "rank_high"))
    return [number(row["score"]), interval(rank, low, high), f"{row['p_top_k']:.2f}"]


def not_ranked(metrics: Sequence[str], ranked: Collection[str]) -> list[str]:
    """Return a line that says which metrics rank nobody, and what they need."""
    missing = [f"{name.replace('_', ' ')} ({NEEDS[name]})" for name in metrics if name not in ranked and name in NEEDS]
    return [f"Not ranked, for what the data lack: {', '.join(missing)}."] if missing else []


def agreement_grid(rows: Sequence[Row]) -> Grid:
    """Return how well each two rankings agree."""
    columns = [Column("ranking"), Column("and"), Column("Kendall's tau", right=True), Column("accounts", right=True)]
    body = [
        [
            *(row[name].replace("_", " ") for name in ("metric_a", "metric_b")),
            interval(row["tau"], row["low"], row["high"], whole=False),
            number(row["n"]),
        ]
        for row in rows
    ]
    reasons = dict.fromkeys(row["reason_missing"] for row in rows if row["reason_missing"])
    return Grid(columns, body, title="Agreement: 1 the same order, 0 none, -1 the reverse", notes=list(reasons))


def proposals_grid(rows: Sequence[Row], actors: Actors, *, top_k: int, total: int) -> Grid:
    """Return the accounts that the ranking proposes for the roster."""
    columns = [
        Column("who", least=14),
        Column("best rank", right=True),
        Column(f"P(top {top_k})", right=True),
        Column("by", least=20, wrap=True),
    ]
    body = [
        [
            who(row["actor_id"], actors),
            number(row["best_rank"]),
            f"{row['p_top_k']:.2f}",
            ", ".join(name.replace("_", " ") for name in row["metrics"]),
        ]
        for row in rows
    ]
    notes = more(len(rows), total, "proposals", "leader_proposals")
    return Grid(columns, body, title="Proposed for the roster: they rank as surely as its leaders", notes=notes)


def cascades_grid(rows: Sequence[Row], actors: Actors, *, total: int, confidence: float) -> Grid:
    """Return a row per cascade, the largest first."""
    columns = [
        Column("author", least=12),
        Column("post", least=10, drop=2),
        Column("size", right=True),
        Column("depth", right=True),
        Column("breadth", right=True, drop=3),
        Column("virality", right=True),
        Column("star", right=True, drop=4),
        Column("first", least=10, drop=1),
        Column("minutes\nto half", right=True),
    ]
    body = [
        [
            who(row["actor_id"], actors),
            row["post_id"],
            number(row["size"]),
            interval(row["depth"], row["depth_low"], row["depth_high"]),
            number(row["breadth"]),
            interval(row["virality"], row["virality_low"], row["virality_high"], whole=False),
            number(row["star_virality"], whole=False),
            who(row["first_resharer"], actors) if row["first_resharer"] else NOTHING,
            number(row["minutes_to_half"]),
        ]
        for row in rows
    ]
    notes = [
        f"In brackets: {confidence:.0%} of plausible trees; the data credit the original and hide the chain.",
        *more(len(rows), total, "cascades", "cascades"),
    ]
    return Grid(columns, body, title="Cascades: how far each post went from account to account", notes=notes)


def firsts_grid(rows: Sequence[Row], actors: Actors, *, total: int, confidence: float) -> Grid:
    """Return who is first to reshare, and how often."""
    columns = [Column("who", least=14), *(Column(name, right=True) for name in ("first in", "of", "share"))]
    body = [
        [
            who(row["actor_id"], actors),
            number(row["first_count"]),
            number(row["cascades"]),
            interval(row["share"], row["low"], row["high"], whole=False),
        ]
        for row in rows
    ]
    notes = [f"In brackets: {confidence:.0%} intervals", *more(len(rows), total, "accounts", "cascade_firsts")]
    return Grid(columns, body, title="Who reshares first", notes=notes)
