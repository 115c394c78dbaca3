"""Two figures of an evaluation as SVG and PNG: reliability of `p_call`, and risk against coverage."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from classifiers.evaluation.curves import Bin, Point

_BLUE, _GREY = "#1f5f99", "#5b6673"


def write_charts(bins: Sequence[Bin], points: Sequence[Point], folder: Path) -> list[Path]:
    """Write what there is data for; returns the files."""
    files: list[Path] = []
    if bins:
        files += _saved(_reliability(bins), folder, "reliability")
    if points:
        files += _saved(_risk_coverage(points), folder, "risk-coverage")
    return files


def _saved(chart: Any, folder: Path, name: str) -> list[Path]:
    files = [folder / f"{name}.svg", folder / f"{name}.png"]
    for file in files:
        chart.save(str(file), **({"scale_factor": 2} if file.suffix == ".png" else {}))
    return files


def _reliability(bins: Sequence[Bin]) -> Any:
    """Share of calls against mean `p_call` in each bin; on the diagonal a probability means what it says."""
    import altair as alt

    rows = [asdict(b) | {"panel": f"{b.posts}, {b.language}"} for b in bins]
    x = alt.X("p_mean:Q", title="mean p_call", scale=alt.Scale(domain=[0, 1]))
    y = alt.Y("share:Q", title="share of calls", scale=alt.Scale(domain=[0, 1]))
    base = alt.Chart().encode(x=x)
    dots = base.mark_point(filled=True, color=_BLUE, size=45, opacity=1).encode(y=y)
    bars = base.mark_rule(color=_BLUE).encode(y=alt.Y("low:Q", title="share of calls"), y2="high:Q")
    ends = [{"diagonal": 0}, {"diagonal": 1}]
    diagonal = (
        alt.Chart(alt.InlineData(values=ends))
        .mark_line(color=_GREY, strokeDash=[4, 3])
        .encode(x="diagonal:Q", y="diagonal:Q")
    )
    layers = alt.layer(diagonal, bars, dots, data=alt.InlineData(values=rows)).properties(width=190, height=190)
    return layers.facet(facet=alt.Facet("panel:N", title=None), columns=3)


def _risk_coverage(points: Sequence[Point]) -> Any:
    """Share of wrong labels when only the most confident posts are labelled."""
    import altair as alt

    rows = [asdict(p) for p in points]
    return (
        alt.Chart(alt.InlineData(values=rows))
        .mark_line()
        .encode(
            x=alt.X(
                "coverage:Q", title="share of posts labelled, most confident first", scale=alt.Scale(domain=[0, 1])
            ),
            y=alt.Y("risk:Q", title="share of wrong labels", scale=alt.Scale(domain=[0, 1])),
            color=alt.Color("posts:N", title=None),
            strokeDash=alt.StrokeDash("model:N", title=None),
        )
        .properties(width=420, height=260)
    )
