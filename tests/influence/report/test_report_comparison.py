"""What the report says of a ratio, and how the charts draw it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from xml.etree import ElementTree

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.report.catalogue import load_catalogue
from influence.report.charts import NARROW, WIDE, Bar, _domain, _Drawing, interval_chart
from influence.report.comparison import Comparison, Ratio, Sides
from influence.report.context import Context
from influence.report.figures import Family, Register
from influence.report.material import gather
from influence.study import Study

CAT = load_catalogue("en")
ends = st.one_of(st.none(), st.floats(1e-6, 1e6))


def ratio(
    value: float | None, low: float | None, high: float | None, *, kind: str = "exposed", coverage: float = 1.0
) -> Ratio:
    family = Family("f", "f", "d", "i", "w", (), "c")
    figure = Register().add(family, "r", value, low, high, shown="")
    return Ratio(kind, False, "leader", "media", value, low, high, "", "", coverage, None, figure)


@pytest.mark.parametrize(
    ("value", "low", "high", "verdict", "tens"),
    [
        (3.0, 1.2, 8.0, "more", "tens_no"),
        (30.0, 12.0, 80.0, "more", "tens_yes"),
        (30.0, 8.0, 80.0, "more", "tens_open"),
        (0.3, 0.1, 0.9, "less", None),
        (1.4, 0.7, 3.0, "open", "tens_no"),
        (5.0, 0.7, 30.0, "open", "tens_open"),
        (5.0, 1e-7, 1e9, "too_wide", "tens_open"),
        (40.0, 12.0, None, "only_low", "tens_yes"),
        (0.4, None, 0.8, "only_high", None),
        (2.0, None, None, "no_interval", None),
        (None, 0.5, 2.0, "open", "tens_no"),
        (None, None, None, "missing", None),
    ],
)
def test_a_ratio_is_called_what_its_interval_bears(
    value: float | None, low: float | None, high: float | None, verdict: str, tens: str | None
) -> None:
    found = ratio(value, low, high)
    assert (found.verdict, found.tens) == (verdict, tens)


@given(st.one_of(st.none(), st.floats(1e-6, 1e6)), ends, ends)
def test_nothing_is_claimed_of_an_interval_that_holds_one(
    value: float | None, low: float | None, high: float | None
) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low
    found = ratio(value, low, high)
    assert found.verdict in CAT.names("comparison")
    if low is None or low <= 1:
        assert found.verdict not in ("more", "only_low")
    if high is None or high >= 1:
        assert found.verdict not in ("less", "only_high")


def test_the_headline_is_a_kind_that_is_known_of_most_members() -> None:
    sides = Sides("leader", "media")
    few = ratio(3.0, 2.0, 5.0, kind="exposed", coverage=0.5)
    most = ratio(2.0, 1.5, 4.0, kind="potential", coverage=0.9)
    open_ended = ratio(9.0, None, None, kind="engaged")
    assert Comparison(sides, [few, most, open_ended], [], []).headline is most
    assert Comparison(sides, [few, open_ended], [], []).headline is few
    assert Comparison(sides, [], [], []).headline is None


bars = st.builds(
    Bar,
    name=st.text(max_size=60),
    kind=st.sampled_from(["leader", "media", "unknown"]),
    value=st.one_of(st.none(), st.just(0.0), st.floats(1e-3, 1e9)),
    low=st.one_of(st.none(), st.just(0.0), st.floats(1e-9, 1e9)),
    high=st.one_of(st.none(), st.just(math.inf), st.floats(1e-3, 1e12)),
    text=st.just("12,300 (9,880–15,400)"),
)


@given(st.lists(bars, min_size=1, max_size=4))
def test_charts_keep_any_data_inside_their_frame(rows: list[Bar]) -> None:
    domain = _domain(rows, [1.0])
    assert 0 < domain[0] < domain[1] < math.inf
    for layout in (WIDE, NARROW):
        drawing = _Drawing(rows, layout, domain, CAT.numbers.short, "axis", ())
        for place, bar in enumerate(rows):
            row = drawing.row(place, bar)
            ends = [row[end] for end in ("value", "low", "high") if row[end] is not None]
            assert all(domain[0] <= end <= domain[1] for end in ends)
            assert 0 < row["y"] < drawing.height
            assert len(row["name"]) <= 4 * layout.columns


def test_a_chart_cuts_what_goes_beyond_and_says_so() -> None:
    rows = [
        Bar("a", "leader", 5.0, 1e-7, 1e10, "5"),
        Bar("б <b>", "media", 2.0, 1.0, 3.0, "2"),
        Bar("c", "x", None, 1.0, None, "1"),
    ]
    drawn = interval_chart(rows, CAT, axis="axis", label='a "label"', rules=[(1.0, "equal"), (10.0, "ten times")])
    assert drawn.cut
    for svg in (drawn.wide, drawn.narrow):
        root = ElementTree.fromstring(str(svg))
        words = [element.text for element in root.iter() if element.tag.endswith("text")]
        assert {"a", "б <b>", "c", "axis", "equal", "ten times"} <= set(words)
        assert root.attrib["aria-label"] == 'a "label"'
        assert {element.tag.rpartition("}")[2] for element in root.iter()} <= {
            "svg",
            "g",
            "path",
            "line",
            "text",
            "rect",
        }
    assert not interval_chart(rows[1:2], CAT, axis="axis", label="a").cut


def test_two_of_one_name_are_told_apart(study: Study, fill_with: Callable[..., None]) -> None:
    fill_with(
        study,
        actors=[
            {"actor_id": "x:1", "platform": "x", "name": "Kumis Info", "kind": "media"},
            {"actor_id": "telegram:2", "platform": "telegram", "name": "Kumis Info", "kind": "media"},
            {"actor_id": "telegram:3", "platform": "telegram", "name": "Kumis Info", "kind": "media"},
            {"actor_id": "x:4", "platform": "x", "name": "Other", "kind": "media"},
        ],
    )
    columns = ("actor_id", "kind_of_reach", "value", "low", "high", "estimator", "n_observed", "reason_missing")
    study.save_result("reach", {}, {"reach": pa.table({name: pa.array([], pa.string()) for name in columns})}, {})
    ctx = Context(gather(study), CAT)
    assert ctx.labels(["x:1", "telegram:2", "telegram:3", "x:4"]) == {
        "x:1": "Kumis Info · X",
        "telegram:2": "Kumis Info · Telegram · telegram:2",
        "telegram:3": "Kumis Info · Telegram · telegram:3",
        "x:4": "Other",
    }


def test_private_accounts_are_not_listed_where_a_roster_names_the_public_ones(html: str) -> None:
    reach = html.partition('<section id="reach"')[2].partition("</section>")[0]
    assert "Айгерім Сәтбаева" in reach
    assert "tynysh_qala" not in reach
    assert re.search(
        r'<section id="leaders".*?tynysh_qala.*?not on the roster: proposed by the ranking', html, re.DOTALL
    )
