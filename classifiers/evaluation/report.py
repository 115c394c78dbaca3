"""An evaluation as data, as Markdown, and as a folder with figures."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from classifiers.errors import InputError
from classifiers.evaluation.curves import Bin, Point
from classifiers.evaluation.frame import Row, as_records
from classifiers.evaluation.mistakes import Mistake
from classifiers.evaluation.rates import Rate
from classifiers.evaluation.robustness import Loss


@dataclass(slots=True)
class Report:
    """Everything that was measured; `model` is the model in question, other names are those of baselines."""

    model: str
    posts: int
    max_fpr: float
    samples: int
    scores: list[Row] = field(default_factory=list)
    false_calls: list[Rate] = field(default_factory=list)
    robustness: list[Loss] = field(default_factory=list)
    reliability: list[Bin] = field(default_factory=list)
    risk_coverage: list[Point] = field(default_factory=list)
    mistakes: list[Mistake] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """Plain lists and dictionaries, for JSON."""
        return asdict(self)

    def write(self, folder: Path) -> list[Path]:
        """Write `evaluation.md`, `evaluation.json` and the figures; returns the files.

        Raises
        ------
        InputError
            If the folder cannot be written.
        """
        from classifiers.evaluation.charts import write_charts

        try:
            folder.mkdir(parents=True, exist_ok=True)
            text = json.dumps(self.as_dict(), ensure_ascii=False, indent=1, allow_nan=False)
            (folder / "evaluation.json").write_text(text + "\n", encoding="utf-8")
            figures = write_charts(self.reliability, self.risk_coverage, folder)
            (folder / "evaluation.md").write_text(self.markdown(figures), encoding="utf-8")
        except OSError as error:
            raise InputError(
                f"{folder}: cannot be written ({error.strerror or error}). Name another folder."
            ) from error
        return [folder / "evaluation.md", folder / "evaluation.json", *figures]

    def markdown(self, figures: Sequence[Path] = ()) -> str:
        """All tables as Markdown; `figures` are named beside them."""
        parts = [
            f"# Evaluation of {self.model}",
            f"{self.posts:,} labelled posts. Square brackets: 95% intervals, by bootstrap ({self.samples:,} samples, "
            "pairs together) or, for shares, exact. `n`: posts, in round brackets those that the measure looks for.",
            "## Scores",
            score_table(as_records(self.scores)),
        ]
        if self.false_calls:
            parts += [f"## False calls by subgroup (asked for: {self.max_fpr:g} at most)", rate_table(self.false_calls)]
        if self.robustness:
            parts += ["## The same posts written otherwise", loss_table(self.robustness)]
        parts += [f"![{figure.stem.replace('-', ' ')}]({figure.name})" for figure in figures if figure.suffix == ".svg"]
        if self.mistakes:
            parts += ["## Typical mistakes", mistake_table([asdict(m) for m in self.mistakes])]
        return "\n\n".join(parts) + "\n"


def score_table(records: Sequence[dict[str, Any]]) -> str:
    """Markdown tables, one a set of posts: a line for each measure and language, a column for each model.

    A figure is followed by its 95% interval; `n` is posts, and in brackets those that count as positive.
    """
    models = list(dict.fromkeys(record["model"] for record in records))
    parts = []
    for name in dict.fromkeys(record["posts"] for record in records):
        own = [record for record in records if record["posts"] == name]
        lines = [f"**{name[0].upper()}{name[1:]}**", "", *_head(["measure", "language", "n", *models])]
        lines += _score_lines(own, models)
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _score_lines(records: Sequence[dict[str, Any]], models: Sequence[str]) -> Iterator[str]:
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for record in records:
        found.setdefault((record["measure"], record["language"]), {})[record["model"]] = record
    for (measure, language), of_model in found.items():
        first = next(iter(of_model.values()))
        cells = [_cell(of_model.get(model)) for model in models]
        yield _line([measure, language, f"{first['n']} ({first['positive']})", *cells])


def rate_table(rates: Sequence[Rate]) -> str:
    """Markdown table of false calls; marked: even the lower end of the interval is above what was asked."""
    lines = _head(["posts", "by", "group", "n", "labelled call", "rate"])
    for r in rates:
        mark = " **above**" if r.above else ""
        lines.append(
            _line([r.posts, r.by, r.group, str(r.n), str(r.labelled), f"{_interval(r.rate, r.low, r.high)}{mark}"])
        )
    return "\n".join(lines)


def loss_table(losses: Sequence[Loss]) -> str:
    """Markdown table of scores before and after."""
    lines = _head(["written", "measure", "n (changed)", "before", "after", "change"])
    for x in losses:
        change = _interval(x.change, x.low, x.high)
        cells = [x.perturbation, x.measure, f"{x.n} ({x.changed})", f"{x.before:.2f}", f"{x.after:.2f}", change]
        lines.append(_line(cells))
    return "\n".join(lines)


def mistake_table(mistakes: Sequence[dict[str, Any]]) -> str:
    """Markdown tables of mistakes, one a kind; a text that may not be passed on is described instead."""
    parts = []
    for kind, own in groupby(mistakes, key=lambda m: str(m["kind"])):
        lines = [f"**{kind[0].upper()}{kind[1:]}**", "", *_head(["post", "annotators", "model", "p", "text"])]
        for m in own:
            text = m["excerpt"] if m["excerpt"] is not None else f"*{m['description']}*"
            name = f"{m['source']}/{m['id']} ({m['language']})"
            lines.append(_line([name, m["truth"], m["given"], f"{m['p']:.2f}", text]))
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _head(names: Sequence[str]) -> list[str]:
    return [_line(names), "|" + "---|" * len(names)]


def _line(cells: Sequence[str]) -> str:
    inert = (cell.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'") for cell in cells)
    return f"| {' | '.join(' '.join(cell.split()) for cell in inert)} |"


def _cell(record: dict[str, Any] | None) -> str:
    if record is None or record["value"] is None:
        return "–"
    return _interval(record["value"], record["low"], record["high"])


def _interval(value: float, low: float | None, high: float | None) -> str:
    return f"{value:.2f}" if low is None or high is None else f"{value:.2f} [{low:.2f}, {high:.2f}]"
