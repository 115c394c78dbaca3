"""What `evaluate` prints: the scores that matter most, false calls by subgroup, losses, and counts of mistakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from influence.display import Column, Grid, clean

if TYPE_CHECKING:
    from classifiers.evaluation import Report, Row

__all__ = ["evaluation_grids"]

_SHOWN = (
    "label:f1",
    "label_abstaining:f1",
    "label:undetermined",
    "call:auc",
    "call:ap",
    "call:recall",
    "call:fpr",
    "call:ece",
    "verdict:auc",
    "verdict:ap",
    "techniques:f1",
    "techniques:auc",
    "techniques:any_auc",
    "spans:word_f1",
    "pairs:consistency",
)
"""Keys of the lines that a terminal shows; the folder has all."""


def evaluation_grids(report: Report) -> Iterator[Grid]:
    """Yield the tables of an evaluation: one of scores for each set of posts, then the others that have rows."""
    rows = [row for row in report.scores if row.key in _SHOWN and not row.posts.startswith("source ")]
    for posts in dict.fromkeys(row.posts for row in rows):
        yield _scores_grid(posts, [row for row in rows if row.posts == posts], report)
    if report.false_calls:
        yield _false_calls_grid(report)
    if report.robustness:
        yield _losses_grid(report)
    if report.mistakes:
        yield _mistakes_grid(report)


def _scores_grid(posts: str, rows: list[Row], report: Report) -> Grid:
    """One line for each measure and language, one column for each model."""
    models = list(dict.fromkeys(row.model for row in report.scores))
    columns = [
        Column("measure", least=14, wrap=True),
        Column("lang"),
        *(Column("model" if model == report.model else clean(model), right=True) for model in models),
        Column("n", right=True),
        Column("key", drop=1),
    ]
    found: dict[tuple[str, str], dict[str, Row]] = {}
    for row in rows:
        found.setdefault((row.key, row.language), {})[row.model] = row
    body = []
    for (key, language), of_model in sorted(found.items(), key=lambda item: _SHOWN.index(item[0][0])):
        first = next(iter(of_model.values()))
        cells = [_interval(of_model.get(model)) for model in models]
        body.append([first.measure, clean(language), *cells, f"{first.n:,} ({first.positive:,})", key])
    notes = [f"model: {clean(report.model)}. In brackets 95% intervals; n: posts (those looked for)."]
    return Grid(columns, body, title=f"Scores: {clean(posts)}", notes=notes)


def _interval(row: Row | None) -> str:
    if row is None or row.value is None:
        return "–"
    ends = "" if row.low is None or row.high is None else f" [{row.low:.2f}, {row.high:.2f}]"
    return f"{row.value:.2f}{ends}"


def _false_calls_grid(report: Report) -> Grid:
    columns = [
        Column("posts", least=10, wrap=True),
        Column("by"),
        Column("group", least=8),
        Column("n", right=True),
        Column("called", right=True),
        Column("rate", right=True),
        Column("", styles={"above": "bold red"}),
    ]
    body = [
        [
            clean(r.posts),
            r.by,
            clean(r.group),
            f"{r.n:,}",
            f"{r.labelled:,}",
            f"{r.rate:.3f} [{r.low:.3f}, {r.high:.3f}]",
            "above" if r.above else "",
        ]
        for r in report.false_calls
        if r.by != "topic"
    ]
    title = f"Posts without a call that were labelled as one; asked for: {report.max_fpr:g} at most"
    return Grid(columns, body, title=title, notes=["above: even the lower end of the interval is higher than that."])


def _losses_grid(report: Report) -> Grid:
    columns = [
        Column("written otherwise", least=12, wrap=True),
        Column("measure", least=12, wrap=True),
        Column("n", right=True),
        Column("before", right=True),
        Column("after", right=True),
        Column("change", right=True),
    ]
    body = []
    for x in report.robustness:
        ends = "" if x.low is None or x.high is None else f" [{x.low:+.2f}, {x.high:+.2f}]"
        change = f"{x.change:+.2f}{ends}"
        body.append([x.perturbation, x.measure, f"{x.n:,}", f"{x.before:.2f}", f"{x.after:.2f}", change])
    return Grid(columns, body, title="The same posts written otherwise, their language left for the model to find")


def _mistakes_grid(report: Report) -> Grid:
    columns = [Column("mistake"), Column("shown", right=True), Column("surest: post"), Column("p", right=True)]
    counts = Counter(m.kind for m in report.mistakes)
    body = []
    for kind, count in counts.items():
        first = next(m for m in report.mistakes if m.kind == kind)
        body.append([kind, str(count), clean(f"{first.source}/{first.id}"), f"{first.p:.2f}"])
    return Grid(columns, body, title="Typical mistakes, the surest of each kind")
