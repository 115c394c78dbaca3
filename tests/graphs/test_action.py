"""Activity against action: shares, conversions, whom counts belong to, and what cannot be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, compare_action
from graphs.action.rows import ACTION_SCHEMA, counted_actions

Row = dict[str, Any]
ACTORS = pa.table({"actor_id": ["x:a", "x:b", "x:m"], "kind": ["leader", "leader", "media"]})
POSTS = pa.table(
    {
        "post_id": ["x:p1", "x:p2", "x:c1", "x:c2", "x:m1"],
        "actor_id": ["x:a", "x:a", "x:a", "x:b", "x:m"],
        "text": ["one", "two", "come", "sign", "news"],
        "views": [100, 300, 500, None, 50],
        "reactions": [1, 2, 3, 4, 5],
    }
)
LABELS = pa.table(
    {
        "post_id": ["x:p1", "x:p2", "x:c1", "x:c2", "x:m1"],
        "label": ["none", "undetermined", "positive", "manipulative", "none"],
    }
)


def acts(*rows: tuple[str, str, str]) -> pa.Table:
    columns: dict[str, list[str]] = {"source": [], "target": [], "target_post": []}
    for row in rows:
        for name, value in zip(columns, row, strict=True):
            columns[name].append(value)
    table = pa.table({name: pa.array(values, pa.string()) for name, values in columns.items()})
    return table.append_column("kind", pa.array(["reply"] * table.num_rows, pa.string()))


SOME = acts(
    ("x:1", "x:a", "x:p1"), ("x:2", "x:a", "x:c1"), ("x:3", "x:a", "x:c1"), ("x:3", "x:a", "x:p2"),
    ("x:3", "x:a", "x:c1"), ("x:4", "x:b", "x:c2"), ("x:1", "x:b", "x:c2"), ("x:a", "x:a", "x:c1"),
    ("x:5", "x:a", "x:unknown"),
)  # fmt: skip


def counted(*rows: tuple[str | None, str | None, str, float]) -> pa.Table:
    names = ("actor_id", "post_id", "action", "count")
    table = {name: [row[at] for row in rows] for at, name in enumerate(names)}
    return pa.table(
        {name: pa.array(values, pa.float64() if name == "count" else pa.string()) for name, values in table.items()}
    )


def compared(**options: Any) -> dict[tuple[str, str, str, str | None], Row]:
    tables = {"actors": ACTORS, "posts": POSTS, "interactions": SOME, "labels": LABELS} | options
    table = compare_action(**tables)
    assert table.schema.equals(ACTION_SCHEMA)
    for row in table.to_pylist():
        ends = [x for x in (row["low"], row["value"], row["high"]) if x is not None]
        assert all(np.isfinite(ends))
        assert ends == sorted(ends)
        assert (row["reason_missing"] is None) == (len(ends) == 3)
    return {(row["measure"], row["a"], row["kind"], row["action"]): row for row in table.to_pylist()}


def test_engagement_with_calls_is_set_against_engagement_with_all_labelled_posts() -> None:
    rows = compared()
    assert rows["engaged_all", "x:a", "all", None]["n"] == 3
    assert rows["engaged_calls", "x:a", "positive", None]["n"] == 2
    share = rows["share_engaging_with_calls", "x:a", "call", None]
    assert share["value"] == pytest.approx(2 / 3)
    assert 0 < share["low"] < share["value"] < share["high"] < 1
    assert rows["share_acts_labelled", "x:a", "all", None]["value"] == pytest.approx(5 / 6)


def test_a_group_counts_an_account_once() -> None:
    rows = compared()
    assert rows["engaged_all", "all_leaders", "all", None]["n"] == 4
    assert rows["calls", "all_leaders", "call", None]["value"] == 2
    assert rows["share_engaging_with_calls", "all_leaders", "call", None]["value"] == 1.0


def test_what_is_lacking_has_a_reason() -> None:
    rows = compared()
    assert rows["engaged_calls", "x:m", "call", None]["reason_missing"] == (
        "no acts on labelled posts are listed with their accounts"
    )
    assert rows["engaged_calls", "x:a", "manipulative", None]["reason_missing"] == "no post is labelled manipulative"
    assert not any(measure == "actions" for measure, *_ in rows)


def test_actions_of_a_post_are_per_account_and_per_view_and_may_exceed_one() -> None:
    rows = compared(actions=counted((None, "x:c1", "signature", 25), (None, "x:c1", "signature", 5)))
    assert rows["actions", "x:a", "call", "signature"]["value"] == 30
    assert rows["conversion_exposed", "x:a", "call", "signature"]["value"] == pytest.approx(30 / 500)
    assert rows["conversion_engaged", "x:a", "call", "signature"]["value"] > 1
    assert rows["actions", "x:a", "positive", "signature"]["value"] == 30
    assert ("actions", "x:a", "manipulative", "signature") not in rows
    assert rows["actions", "all_leaders", "call", "signature"]["value"] == 30


def test_actions_of_an_actor_are_set_against_its_calls_and_its_alone() -> None:
    rows = compared(actions=counted(("x:b", None, "participants", 7), ("x:z", None, "participants", 9)))
    assert rows["actions", "all_leaders", "call", "participants"]["value"] == 7
    group, own = (rows["conversion_engaged", a, "call", "participants"] for a in ("all_leaders", "x:b"))
    assert (group["value"], group["low"], group["high"]) == (own["value"], own["low"], own["high"])
    assert rows["conversion_exposed", "x:b", "call", "participants"]["reason_missing"].startswith("the views")


def test_acts_on_a_group_s_copy_of_a_call_are_acts_on_the_call() -> None:
    copy = {"post_id": "x:r", "actor_id": "x:a", "text": "come", "reshared_actor": "x:a"}
    posts = pa.Table.from_pylist(
        [*POSTS.to_pylist(), copy], schema=pa.schema([*POSTS.schema, ("reshared_actor", pa.string())])
    )
    labels = pa.concat_tables([LABELS, pa.table({"post_id": ["x:r"], "label": ["positive"]})])
    more = pa.concat_tables([SOME, acts(("x:9", "x:a", "x:r"))])
    rows = compared(posts=posts, labels=labels, interactions=more, actions=counted((None, "x:c1", "signature", 3)))
    assert rows["calls", "x:a", "call", None]["value"] == 1
    assert rows["conversion_engaged", "x:a", "call", "signature"]["n"] == 1 + 3


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([("x:a", "x:c2", "signature", 3.0)], r"given for x:a, but the post x:c2 is by x:b"),
        ([(None, "x:c1", "signature", -3.0)], r"count of signature is -3"),
    ],
)
def test_actions_that_cannot_be(rows: list[Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        compared(actions=counted(*rows))


def test_an_action_without_a_count_or_a_column_is_named() -> None:
    with pytest.raises(InputError, match="no column 'count'"):
        compared(actions=pa.table({"actor_id": ["x:a"], "action": ["signature"]}))
    with pytest.raises(InputError, match="kinds must be different"):
        compared(kinds=("leader", "leader"))


def test_money_is_an_amount_and_no_number_of_acts() -> None:
    money = counted_actions("money", [1000.0], [5.0], 0.95)
    assert (money.low, money.value, money.high, money.estimator) == (1000, 1000, 1000, "amount as given")


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=8))
def test_uneven_counts_never_narrow_the_interval(pairs: list[tuple[int, int]]) -> None:
    counts, weights = [float(a) for a, _ in pairs], [float(b) for _, b in pairs]
    together, apart = counted_actions("s", [sum(counts)], [1.0], 0.95), counted_actions("s", counts, weights, 0.95)
    assert None not in (apart.low, apart.high, together.low, together.high)
    widths = [(figure.high or 0.0) - (figure.low or 0.0) for figure in (together, apart)]
    assert 0 <= (apart.low or 0.0) <= (apart.high or 0.0)
    assert widths[1] >= widths[0] * 0.999
