"""What `influence compare` says of the pairs of single actors that it does not print."""

from typing import Any

from influence.cli.measure import _pairs


def row(measure: str, a: str, b: str, value: float | None = 1.0, n_a: int = 1, left_out: int = 0) -> dict[str, Any]:
    ends = {"value": value, "low": value, "high": value}
    return {"measure": measure, "kind_of_reach": "potential", "a": a, "b": b, "n_a": n_a, "left_out": left_out, **ends}


def test_pairs_without_row_and_without_figure_are_counted() -> None:
    wholes = [row("union", "all_leaders", "", n_a=3, left_out=1), row("union", "all_media", "", n_a=5)]
    pairs = [row("ratio", "x:a", "x:m"), row("ratio", "x:b", "x:m", None), row("ratio", "all_leaders", "all_media")]
    (line,) = _pairs([*wholes, *pairs], ("leader", "media"))
    assert line == "Pairs by potential reach: 18 of 20 pairs without a row; 1 of 2 listed pairs without a figure."


def test_nothing_is_said_where_no_pair_is_left_out() -> None:
    wholes = [row("union", "all_leaders", ""), row("union", "all_media", "")]
    assert _pairs([*wholes, row("ratio", "x:a", "x:m")], ("leader", "media")) == []
