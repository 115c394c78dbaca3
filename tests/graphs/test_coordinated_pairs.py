"""Coordinated pairs: both engines equal a plain search over all pairs of shares, under every option."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.coordination import (
    CoordinationOptions,
    considered,
    coordinated_edges,
    count_pairs,
    joined_edges,
    pair_events,
    shares_of,
)
from graphs.errors import InputError

Row = tuple[str, str, str, float | None, str]
COLUMNS = ("actor_id", "kind", "object", "at", "post_id")

rows_of_shares = st.lists(
    st.tuples(
        st.sampled_from("abcde"),
        st.sampled_from(("url", "hashtag")),
        st.sampled_from(("u", "v", "p3")),
        st.one_of(st.none(), st.integers(0, 12).map(float), st.sampled_from((0.5, 1e-6, 4e9, -3.0))),
        st.integers(0, 14).map(lambda number: f"p{number}"),
    ),
    max_size=40,
)
options = st.builds(
    CoordinationOptions,
    window_s=st.sampled_from((0.0, 1.0, 2.5, 10.0)),
    min_participation=st.integers(0, 4),
    min_weight=st.sampled_from((0, 1, 1.5, 2)),
    kinds=st.sampled_from((None, ("url",))),
    fast_window_s=st.sampled_from((None, 0.0)),
    speed_weighted=st.booleans(),
    burst_cap=st.sampled_from((None, 2, 3)),
)


def table_of(rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    kinds = (pa.string(), pa.string(), pa.string(), pa.float64(), pa.string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(dict(zip(COLUMNS, arrays, strict=True)))


def plain_events(rows: list[Row], chosen: CoordinationOptions) -> list[tuple[Row, Row, int, bool]]:
    """All pairs of shares compared, by the rules as CooRTweet's documentation and code give them."""
    shares = [row for row in rows if row[3] is not None and (chosen.kinds is None or row[1] in chosen.kinds)]
    if chosen.burst_cap is not None:
        shares = first_of_each_stretch(shares, chosen)
    active = Counter(row[0] for row in shares)
    shares = [row for row in shares if active[row[0]] >= chosen.min_participation]
    found = []
    for one, other in itertools.combinations(shares, 2):
        gap = abs(round(one[3] * 1e6) - round(other[3] * 1e6))  # type: ignore[operator]
        own = one[2] == one[4] or other[2] == other[4]
        if one[1:3] == other[1:3] and gap <= chosen.window_us and one[0] != other[0] and one[4] != other[4] and not own:
            first, second = sorted((one, other), key=lambda row: row[0])
            found.append((first, second, gap))
    found = frequent(shares, found, chosen.min_participation)
    fast = [event for event in found if chosen.fast_window_us is not None and event[2] <= chosen.fast_window_us]
    marked = {id(event) for event in frequent(shares, fast, chosen.min_participation)}
    return [(*event, id(event) in marked) for event in found]


def first_of_each_stretch(shares: list[Row], chosen: CoordinationOptions) -> list[Row]:
    kept, seen = [], Counter[Any]()
    for row in sorted(shares, key=lambda row: (row[3], row[4], row[0])):
        key = (row[1], row[2], round(row[3] * 1e6) // max(chosen.window_us, 1))  # type: ignore[operator]
        seen[key] += 1
        if seen[key] <= (chosen.burst_cap or 0):
            kept.append(row)
    return kept


def frequent(shares: list[Row], events: list[Any], least: int) -> list[Any]:
    posts = {row[4] for event in events for row in event[:2]}
    counted = [row for row in shares if row[4] in posts]
    often = Counter(row[0] for row in counted)
    good = {row[4] for row in counted if often[row[0]] >= least}
    return [event for event in events if event[0][4] in good or event[1][4] in good]


def plain_edges(rows: list[Row], chosen: CoordinationOptions) -> list[dict[str, Any]]:
    pairs: dict[tuple[str, str], list[Any]] = {}
    for event in plain_events(rows, chosen):
        pairs.setdefault((event[0][0], event[1][0]), []).append(event)
    edges = []
    for (source, target), events in pairs.items():
        posts = [len({event[side][4] for event in events}) for side in (0, 1)]
        gap = sum(event[2] for event in events)
        edge = {
            "source": source,
            "target": target,
            "weight": len(events),
            "mean_gap_s": gap / len(events) / 1e6,
            "posts_source": posts[0],
            "posts_target": posts[1],
            "symmetry": min(posts) / max(posts),
        }
        if chosen.fast_window_s is not None:
            edge["weight_fast"] = sum(event[3] for event in events)
        if chosen.speed_weighted:
            edge["speed_weight"] = len(events) - (gap / chosen.window_us if chosen.window_us else 0.0)
        edges.append(edge)
    kept = [edge for edge in edges if edge.get("speed_weight", edge["weight"]) >= chosen.min_weight]
    return sorted(kept, key=lambda edge: (-edge["weight"], edge["source"], edge["target"]))


@settings(max_examples=80, deadline=None)
@given(rows_of_shares, options)
def test_the_sweep_finds_what_comparing_all_pairs_finds(rows: list[Row], chosen: CoordinationOptions) -> None:
    assert coordinated_edges(shares_of(table_of(rows)), chosen).to_pylist() == plain_edges(rows, chosen)


@settings(max_examples=12, deadline=None)
@given(rows_of_shares, options)
def test_the_join_finds_what_the_sweep_finds(rows: list[Row], chosen: CoordinationOptions) -> None:
    table = table_of(rows)
    assert joined_edges(table, chosen).to_pylist() == coordinated_edges(shares_of(table), chosen).to_pylist()


@settings(max_examples=30, deadline=None)
@given(rows_of_shares, options)
def test_events_are_those_that_the_weights_count(rows: list[Row], chosen: CoordinationOptions) -> None:
    given_events = [row for batch in pair_events(shares_of(table_of(rows)), chosen) for row in batch.to_pylist()]
    found = Counter(
        (e["source"], e["post_source"], e["target"], e["post_target"], e["kind"], e["object"], e["gap_s"])
        for e in given_events
    )
    plain = Counter((a[0], a[4], b[0], b[4], a[1], a[2], gap / 1e6) for a, b, gap, _ in plain_events(rows, chosen))
    assert found == plain


sizes = st.one_of(st.integers(1, 12), st.just(1 << 15))
coded_shares = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 7), st.integers(0, 9), st.booleans(), st.booleans()),
    max_size=60,
)


@settings(max_examples=150, deadline=None)
@given(coded_shares, st.integers(0, 5), st.integers(-1, 5), st.integers(1, 3), sizes, sizes)
def test_counting_by_parts_finds_what_plain_counting_finds_however_small_the_parts(
    coded: list[tuple[int, int, int, int, bool, bool]],
    window: int,
    fast_window: int,
    least: int,
    block: int,
    bucket: int,
) -> None:
    coded = sorted(coded)
    columns = np.array(coded, np.int64).reshape(-1, 6)
    group, at, actor, post = (columns[:, place].astype(np.int32) for place in range(4))
    kept, fast_kept = columns[:, 4] > 0, columns[:, 5] > 0
    counts = count_pairs(
        actor, group, at, post, window=window, accounts=8, kept=kept, fast_window=fast_window, fast_kept=fast_kept,
        least=least, block=block, bucket=bucket,
    )  # fmt: skip
    events: dict[tuple[int, int], list[tuple[int, int, int, bool]]] = {}
    for one, other in itertools.combinations(coded, 2):
        a, b = sorted((one, other), key=lambda share: share[2])
        gap = abs(a[1] - b[1])
        if a[0] == b[0] and a[2] != b[2] and a[3] != b[3] and gap <= window and (a[4] or b[4]):
            fast = gap <= fast_window and (a[5] or b[5])
            events.setdefault((a[2], b[2]), []).append((gap, a[3], b[3], fast))
    plain = []
    for pair, found in sorted(events.items()):
        gaps, mine, theirs, fast_ones = zip(*found, strict=True)
        if len(found) >= least:
            plain.append((*pair, len(found), sum(gaps), len(set(mine)), len(set(theirs)), sum(fast_ones)))
    assert [tuple(row) for row in np.column_stack(counts).tolist()] == plain


@settings(max_examples=30, deadline=None)
@given(rows_of_shares, sizes, sizes)
def test_counting_in_several_sweeps_changes_nothing(rows: list[Row], block: int, bucket: int) -> None:
    shares = shares_of(table_of(rows))
    arrays = (shares.actor, shares.object, shares.at, shares.post)
    count = functools.partial(
        count_pairs, *arrays, window=3_000_000, accounts=len(shares.actors), fast_window=1_000_000
    )
    whole, parts = count(), count(block=block, bucket=bucket)
    for name, one, other in zip(whole._fields, whole, parts, strict=True):
        assert np.array_equal(one, other), name
        assert one.dtype == other.dtype, name


@settings(max_examples=20, deadline=None)
@given(rows_of_shares, st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[Row], chance: Any) -> None:
    chosen = CoordinationOptions(window_s=2, burst_cap=2)
    mixed = list(rows)
    chance.shuffle(mixed)
    assert coordinated_edges(shares_of(table_of(mixed)), chosen) == coordinated_edges(shares_of(table_of(rows)), chosen)


@settings(max_examples=20, deadline=None)
@given(rows_of_shares)
def test_a_longer_window_and_less_participation_never_lose_an_event(rows: list[Row]) -> None:
    shares = shares_of(table_of(rows))
    weights: list[dict[tuple[str, str], int]] = []
    for window, least in ((1, 3), (1, 2), (4, 2), (4, 1)):
        edges = coordinated_edges(shares, CoordinationOptions(window_s=window, min_participation=least)).to_pylist()
        weights.append({(edge["source"], edge["target"]): edge["weight"] for edge in edges})
    for fewer, more in itertools.pairwise(weights):
        assert all(more.get(pair, 0) >= weight for pair, weight in fewer.items())


def test_the_end_of_the_window_is_inside_to_the_microsecond() -> None:
    rows: list[Row] = [
        ("a", "url", "u", 1e9, "p1"),
        ("b", "url", "u", 1e9 + 10, "p2"),
        ("c", "url", "u", 1e9 + 10.000001, "p3"),
    ]
    edges = coordinated_edges(shares_of(table_of(rows)), CoordinationOptions(window_s=10, min_participation=1))
    assert [(e["source"], e["target"]) for e in edges.to_pylist()] == [("a", "b"), ("b", "c")]


def test_one_account_that_shares_ten_thousand_times_is_one_node() -> None:
    bot = pa.table({"actor_id": ["bot"] * 10_000, "object": ["u"] * 10_000, "at": np.arange(10_000) / 1000.0,
                    "post_id": [f"p{i}" for i in range(10_000)]})  # fmt: skip
    other = pa.table({"actor_id": ["x"], "object": ["u"], "at": [5.0], "post_id": ["q"]})
    edges = coordinated_edges(
        shares_of(pa.concat_tables([bot, other])), CoordinationOptions(window_s=60, min_participation=1)
    ).to_pylist()
    assert len(edges) == 1
    assert edges[0]["weight"] == edges[0]["posts_source"] == 10_000
    assert edges[0]["posts_target"] == 1
    assert edges[0]["symmetry"] == 1e-4


def test_an_object_with_a_name_of_100_kb_is_kept_as_its_digest() -> None:
    long = "ө" * 100_000
    rows: list[Row] = [
        ("a", "text", long, 0.0, "p1"),
        ("b", "text", long, 1.0, "p2"),
        ("c", "text", long + "!", 1.0, "p3"),
    ]
    shares = shares_of(table_of(rows))
    chosen = CoordinationOptions(min_participation=1)
    assert all(len(name) < 100 for name in shares.objects.to_pylist())
    assert [(e["source"], e["target"]) for e in coordinated_edges(shares, chosen).to_pylist()] == [("a", "b")]
    assert joined_edges(table_of(rows), chosen) == coordinated_edges(shares, chosen)


def test_rows_that_cannot_be_used_are_counted() -> None:
    rows: list[Any] = [("a", "url", "u", None, "p1"), (None, "url", "u", 1.0, "p2"), ("b", "url", None, 1.0, "p3"),
                       ("c", "url", "u", float("nan"), "p4"), ("d", None, "u", 2.0, "p5")]  # fmt: skip
    shares = shares_of(table_of(rows))
    assert (shares.read, shares.without_time, shares.incomplete, shares.size) == (5, 2, 2, 1)


def test_no_shares_give_no_edges() -> None:
    assert coordinated_edges(shares_of(table_of([])), CoordinationOptions()).num_rows == 0
    assert list(pair_events(shares_of(table_of([])))) == []
    assert joined_edges(table_of([])).num_rows == 0


@pytest.mark.parametrize("zone", ["UTC", None])
def test_times_may_be_timestamps_to_the_microsecond(zone: str | None) -> None:
    stamps = np.array([100_900_000, 100_000_001, -900_000, 1_700_000_000_999_999, 32_503_680_000_500_001])
    rows: list[Row] = [(f"a{number}", "url", "u", 0.0, f"p{number}") for number in range(stamps.size)]
    table = table_of(rows).set_column(3, "at", pa.array(stamps).cast(pa.timestamp("us", tz=zone)))
    assert shares_of(ibis.memtable(table)).at.tolist() == sorted(stamps.tolist())


def test_the_burst_cap_says_what_it_left_out() -> None:
    rows: list[Row] = [(f"a{i}", "url", "u", float(i), f"p{i}") for i in range(20)]
    rows += [(f"a{i}", "url", "v", 0.0, f"q{i}") for i in range(3)]
    looked_at = considered(
        shares_of(table_of(rows)), CoordinationOptions(window_s=100, min_participation=1, burst_cap=5)
    )
    assert (looked_at.burst_rows, looked_at.burst_objects) == (15, 1)
    assert looked_at.shares.size == 8


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"window_s": -1}, "window_s"),
        ({"window_s": float("nan")}, "window_s"),
        ({"min_participation": 1.5}, "min_participation"),
        ({"edge_weight": 2}, "edge_weight"),
        ({"subgraph": "fast"}, "fast_window_s"),
        ({"fast_window_s": 90}, "fast_window_s"),
        ({"burst_cap": 1}, "burst_cap"),
        ({"min_weight": float("inf")}, "min_weight"),
        ({"subgraph": "some"}, "subgraph"),
    ],
)
def test_options_out_of_range_are_named(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said):
        CoordinationOptions(**wrong)


def test_a_table_without_the_columns_or_with_other_times_is_refused() -> None:
    with pytest.raises(InputError, match="actor_id"):
        shares_of(pa.table({"object": ["u"]}))
    with pytest.raises(InputError, match="seconds since 1970"):
        shares_of(table_of([("a", "url", "u", 0.0, "p")]).set_column(3, "at", pa.array(["noon"])))


def test_a_burst_of_hours_of_work_is_refused_with_the_remedy() -> None:
    many = 400_000
    table = pa.table({"actor_id": np.char.add("a", np.arange(many).astype(str)), "object": ["u"] * many,
                      "at": np.zeros(many), "post_id": np.char.add("p", np.arange(many).astype(str))})  # fmt: skip
    shares = shares_of(table)
    with pytest.raises(InputError, match="burst cap"):
        coordinated_edges(shares, CoordinationOptions(min_participation=1))
    few = coordinated_edges(shares, CoordinationOptions(min_participation=1, burst_cap=3))
    assert few.num_rows == 3


# -- which edges stay --------------------------------------------------------------------------------------------------


def meeting(*pairs: tuple[str, str, int, float]) -> pa.Table:
    """Shares that make each pair of accounts meet so often, with that gap, each time at an object of its own."""
    rows: list[Row] = []
    for one, other, times, gap in pairs:
        for number in range(times):
            thing = f"{one}{other}{gap}-{number}"
            rows += [(one, "url", thing, 0.0, f"{thing}/1"), (other, "url", thing, gap, f"{thing}/2")]
    return table_of(rows)


MEETINGS = (("a", "b", 4, 1.0), ("b", "c", 2, 1.0), ("c", "d", 1, 1.0), ("d", "e", 3, 30.0), ("a", "c", 5, 30.0))


@pytest.mark.parametrize(
    ("subgraph", "quantile", "left"),
    [
        ("all", 0.5, ["ac", "ab", "de", "bc", "cd"]),
        ("heavy", 0.5, ["ac", "ab"]),  # the median of 5, 4, 3, 2, 1 is 3; 3 does not exceed it
        ("heavy", 0.9, ["ac"]),  # R's type 7: 4.6
        ("heavy", 1.0, []),
        ("fast", 0.5, ["ab"]),  # of 4, 2, 1
        ("fast_context", 0.5, ["ac", "ab", "bc"]),  # neighbours of a and b: a, b, c
    ],
)
def test_subgraphs(subgraph: Any, quantile: float, left: list[str]) -> None:
    chosen = CoordinationOptions(
        window_s=60, min_participation=1, fast_window_s=10, subgraph=subgraph, edge_weight=quantile
    )
    for edges in (coordinated_edges(shares_of(meeting(*MEETINGS)), chosen), joined_edges(meeting(*MEETINGS), chosen)):
        assert [edge["source"] + edge["target"] for edge in edges.to_pylist()] == left


def test_fast_events_count_more_where_speed_weighs() -> None:
    table = meeting(("a", "b", 2, 0.0), ("a", "c", 3, 60.0), ("b", "c", 2, 30.0))
    edges = coordinated_edges(
        shares_of(table), CoordinationOptions(min_participation=1, speed_weighted=True, min_weight=1)
    ).to_pylist()
    assert {edge["source"] + edge["target"]: edge["speed_weight"] for edge in edges} == {"ab": 2.0, "bc": 1.0}
