"""Grids of coordination: pairs, clusters with what speaks against them, settings, shuffled data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from influence.cli.layouts import Actors, more, who
from influence.display import Column, Grid
from influence.show import NOTHING, number

__all__ = ["clusters_grid", "edges_grid", "grid_grid", "looked_at_lines", "null_lines", "searched"]

Row = Mapping[str, Any]
NULL_WORDS = {
    "times_within_objects": "the times of each thing's shares shuffled among them",
    "objects_within_activity": "things drawn by their popularity at the times of each account's posts",
    "hypergeometric": "things drawn at random, all alike",
    "hypergeometric_by_popularity": "things drawn at random among those of like popularity",
    "configuration_model": "things drawn by their popularity and the account's activity",
}
"""What chance is taken to be, in words."""

SHUFFLE_WORDS = {
    "times_within_objects": "times shuffled within each thing",
    "objects_within_activity": "things shuffled among the posts",
}
_NAMED = 4


def seconds(value: float) -> str:
    """Return a number of seconds with its unit."""
    return f"{value:g} s"


def searched(params: Row) -> str:
    """Return the sentence that says what was looked for."""
    kinds = ", ".join(params["objects"]) if params["objects"] else "all kinds"
    null = params["null"]
    test = "no test" if null == "none" else f"chance: {NULL_WORDS[null]} ({null}), q < {params['max_q']:g}"
    return (
        f"Looked for: accounts that shared the same thing ({kinds}) within {seconds(params['window_s'])}; accounts "
        f"with {params['min_participation']} shares or more; {test}."
    )


def looked_at_lines(counts: Mapping[str, int]) -> list[str]:
    """Return what was looked at and what was left out, with the reason."""
    lines = [
        f"Looked at {counts['shares']:,} shares of {counts['objects']:,} things by {counts['accounts']:,} accounts."
    ]
    left = {
        "without_time": "rows without a time",
        "incomplete": "rows without account, thing or post",
        "accounts_left_out": "accounts with too few shares",
        "burst_rows": f"shares beyond the cap on bursts ({counts['burst_objects']:,} things)",
    }
    parts = [f"{counts[name]:,} {words}" for name, words in left.items() if counts[name]]
    return [*lines, f"Left out: {', '.join(parts)}."] if parts else lines


def edges_grid(rows: Sequence[Row], actors: Actors, *, total: int) -> Grid:
    """Return a row per pair, the surest first."""
    columns = [
        Column("account", least=14, wrap=True),
        Column("with", least=14, wrap=True),
        Column("events", right=True),
        Column("mean gap", right=True, drop=2),
        Column("p", right=True, drop=3),
        Column("q", right=True),
        Column("cluster", right=True, drop=1),
        Column("stands in", right=True, drop=4),
    ]
    body = [
        [
            who(row["source"], actors),
            who(row["target"], actors),
            number(row["weight"]),
            seconds(round(row["mean_gap_s"], 1)),
            number(row["p_value"]),
            number(row["q_value"]),
            number(row["cluster"]),
            f"{row['stands_in']} of {row['cells']}" + (" (fragile)" if row["fragile"] else ""),
        ]
        for row in rows
    ]
    title = "Pairs that shared the same things within the window"
    notes = more(len(rows), total, "pairs", "coordination_edges") if rows else ["No pair shared anything so."]
    if rows and all(row["q_value"] is None for row in rows):
        notes = ["No null model was asked for, so there is no p and no q: pairs are by weight alone.", *notes]
    return Grid(columns, body, title=title, notes=notes)


def clusters_grid(rows: Sequence[Row], actors: Actors, params: Row, *, total: int) -> Grid:
    """Return a row per cluster, with what speaks against it below."""
    columns = [
        Column("cluster", right=True),
        Column("accounts", right=True),
        Column("things", right=True),
        Column("posts", right=True, drop=3),
        Column("density", right=True, drop=4),
        Column("q", right=True),
        Column("median gap", right=True, drop=2),
        Column("stability", right=True),
        Column("who", least=16, wrap=True, drop=1),
    ]
    body = [_cluster_line(row, actors) for row in rows]
    joined = "q below the threshold" if params["null"] != "none" else "by weight alone"
    title = f"Clusters of accounts that such pairs join ({joined})"
    notes = [
        f"Against cluster {row['cluster']}: {_named(words, row, actors)}" for row in rows for words in row["against"]
    ]
    notes += [f"Cluster {row['cluster']} is fragile: no stricter setting finds it." for row in rows if row["fragile"]]
    if rows:
        notes.append("Stability: mean Jaccard index over resampled things; 0.75 stable, below 0.6 not to be trusted.")
        notes += more(len(rows), total, "clusters", "coordination_clusters")
        notes.append("What each shared, with post ids and times: influence show coordination_evidence")
        notes.append("Sharing alike more often than chance is no proof that anybody arranged it.")
    else:
        notes = ["No cluster: no pair is below the threshold." if params["null"] != "none" else "No cluster."]
    return Grid(columns, body, title=title, notes=notes)


def _cluster_line(row: Row, actors: Actors) -> list[str]:
    names = [who(actor, actors) for actor in row["actors"][:_NAMED]]
    rest = len(row["actors"]) - len(names)
    return [
        number(row["cluster"]),
        number(row["n_actors"]),
        number(row["n_objects"]),
        number(row["n_posts"]),
        f"{row['density']:.2f}",
        number(row["q_value"]),
        seconds(round(row["median_gap_s"], 1)),
        NOTHING if row["stability"] is None else f"{row['stability']:.2f}",
        ", ".join(names) + (f" and {rest} more" if rest else ""),
    ]


def _named(words: str, row: Row, actors: Actors) -> str:
    author = row["one_author"]
    return words.replace(author, who(author, actors)) if author else words


def grid_grid(rows: Sequence[Row], clusters: int) -> Grid:
    """Return how many pairs there are by window and least weight; the chosen setting is marked."""
    weights = sorted({row["min_weight"] for row in rows})
    windows = sorted({row["window_s"] for row in rows})
    cells = {(row["window_s"], row["min_weight"]): row for row in rows}
    kept = {row["min_weight"] for row in rows if row["chosen"]}
    columns = [Column("window", right=True)]
    columns += [Column(f"{weight:g} or more", right=True, drop=0 if weight in kept else 1) for weight in weights]
    body = [[seconds(window), *(_grid_cell(cells[window, weight]) for weight in weights)] for window in windows]
    notes = ["* the chosen setting. Cells ask for weight alone, without a test."]
    notes += sorted({row["reason_missing"] for row in rows if row["reason_missing"]})
    if clusters:
        notes.insert(1, f"In brackets: how many of the {clusters} clusters stand there (half of the accounts joined).")
    return Grid(columns, body, title="Pairs by window and by least number of events", notes=notes)


def _grid_cell(row: Row) -> str:
    if row["edges"] is None:
        return NOTHING
    mark = "*" if row["chosen"] else ""
    return f"{row['edges']:,}{mark} ({row['clusters_stand']})"


def null_lines(rows: Sequence[Row]) -> list[str]:
    """Return what the same search finds in shuffled data."""
    found = [row for row in rows if row["chosen"]]
    if not found:
        return []
    row = found[0]
    rule = f"q < {row['threshold']:g}" if row["rule"] == "q_value" else f"weight {row['threshold']:g} or more"
    lines = [
        f"Shuffled data ({SHUFFLE_WORDS[row['null']]}, {row['runs']} runs): {number(row['edges_by_chance'])} pairs at "
        f"{rule} would appear on average ({number(row['low'])}–{number(row['high'])}), against "
        f"{row['edges_observed']:,} in the data. Any such pair: in {row['runs_with_any']} of {row['runs']} runs "
        f"({_percent(row['false_positive_rate'])}; 95% interval "
        f"{_percent(row['false_positive_low'])}–{_percent(row['false_positive_high'])})."
    ]
    enough = [row for row in rows if row["suffices"]]
    if row["rule"] == "weight" and row["edges_observed"]:
        lines += [_enough(enough[0] if enough else None)]
    return [*lines, "Other rules: influence show coordination_null"]


def _enough(row: Row | None) -> str:
    if row is None:
        return "By weight alone nothing does: at every weight of the data chance brings more than 5% of the pairs."
    return (
        f"From weight {row['threshold']:g} on chance brings at most 5% of the pairs: {number(row['edges_by_chance'])} "
        f"against {row['edges_observed']:,}."
    )


def _percent(share: float) -> str:
    return f"{share:.0%}"
