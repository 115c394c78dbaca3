"""The rules of the tools that people have: small tables with answers counted by hand or by the tool's own query."""

from __future__ import annotations

import sqlite3
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.coordination import CoordinationOptions, coordinated_edges, joined_edges, shares_of

Row = tuple[str, str, float, str]


def table_of(rows: list[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * 4
    kinds = (pa.string(), pa.string(), pa.float64(), pa.string())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.table(dict(zip(("actor_id", "object", "at", "post_id"), arrays, strict=True)))


def both(rows: list[Row], **options: Any) -> list[tuple[str, str, int]]:
    chosen, table = CoordinationOptions(**options), table_of(rows)
    edges = coordinated_edges(shares_of(table), chosen)
    assert joined_edges(table, chosen) == edges
    return [(edge["source"], edge["target"], edge["weight"]) for edge in edges.to_pylist()]


# -- CooRTweet 2.1.3: rules of detect_groups ---------------------------------------------------------------------------

PAIR: list[Row] = [("a", "u", 0, "a1"), ("b", "u", 10, "b1"), ("a", "far", 5000, "a2"), ("b", "far", 9000, "b2")]


@pytest.mark.parametrize(
    ("window", "least", "edges"),
    [
        (10, 1, [("a", "b", 1)]),  # the window's end is inside
        (9, 1, []),
        (10, 2, []),  # two shares each, but one each in events: neither post counts
        (4000, 2, [("a", "b", 2)]),
    ],
)
def test_participation_counts_shares_in_events(window: float, least: int, edges: list[tuple[str, str, int]]) -> None:
    assert both(PAIR, window_s=window, min_participation=least) == edges


def test_an_event_stays_for_the_busy_side_alone() -> None:
    busy: list[Row] = [("a", "u", 0, "a1"), ("a", "v", 100, "a2"), ("b", "u", 1, "b1"), ("c", "v", 101, "c1")]
    idle: list[Row] = [("b", "w", 7000, "b2"), ("c", "x", 8000, "c2")]
    assert both(busy + idle, window_s=10, min_participation=2) == [("a", "b", 1), ("a", "c", 1)]
    # Without their other shares b and c are left out before anything is compared.
    assert both(busy, window_s=10, min_participation=2) == []


def test_all_shares_of_a_post_in_an_event_count() -> None:
    # a's only post in an event has two links: two shares, of which one is in the event.
    rows: list[Row] = [("a", "u", 0, "a1"), ("a", "v", 0, "a1"), ("b", "u", 1, "b1"), ("b", "w", 99, "b2")]
    assert both(rows, window_s=10, min_participation=2) == [("a", "b", 1)]
    assert both(rows, window_s=10, min_participation=3) == []


def test_a_post_that_is_the_object_or_is_shared_twice_makes_no_event() -> None:
    rows: list[Row] = [("a", "p", 0, "p"), ("b", "p", 1, "b1"), ("c", "p", 2, "c1"), ("d", "p", 2, "c1")]
    assert both(rows, window_s=10, min_participation=1) == [("b", "c", 1), ("b", "d", 1)]


def test_every_pair_of_shares_is_an_event() -> None:
    rows: list[Row] = [("a", "u", float(i), f"a{i}") for i in range(5)] + [("b", "u", 2.0, "b1"), ("b", "z", 9e3, "b2")]
    assert both(rows, window_s=10, min_participation=2) == [("a", "b", 5)]


# -- the coordination-network-toolkit: directed counts of messages -----------------------------------------------------

QUERY = """
select one.user_id, other.user_id, count(distinct one.message_id) as weight
from message_url one join message_url other
  on one.url = other.url and other.timestamp between one.timestamp - ? and one.timestamp + ?
where one.user_id <> other.user_id
group by one.user_id, other.user_id having weight >= ?
"""

# A message is of one account and has one time, and has each link once, as the toolkit's tables hold.
messages = st.lists(
    st.tuples(st.sampled_from("abcd"), st.integers(0, 30), st.sets(st.sampled_from("uvw"), min_size=1)), max_size=20
)


@settings(max_examples=25, deadline=None)
@given(messages, st.integers(0, 8), st.integers(1, 3))
def test_posts_of_each_side_are_the_toolkits_directed_weights(
    given_messages: list[Any], window: int, least: int
) -> None:
    rows: list[Row] = [
        (actor, url, float(at), f"m{number}")
        for number, (actor, at, links) in enumerate(given_messages)
        for url in links
    ]
    with sqlite3.connect(":memory:") as connection:
        connection.execute("create table message_url (user_id, url, timestamp, message_id)")
        connection.executemany("insert into message_url values (?, ?, ?, ?)", rows)
        theirs = {(one, other): weight for one, other, weight in connection.execute(QUERY, (window, window, least))}
    connection.close()
    ours = {}
    for edge in coordinated_edges(
        shares_of(table_of(rows)), CoordinationOptions(window_s=window, min_participation=1)
    ).to_pylist():
        ours[edge["source"], edge["target"]] = edge["posts_source"]
        ours[edge["target"], edge["source"]] = edge["posts_target"]
    assert {pair: weight for pair, weight in ours.items() if weight >= least} == theirs
