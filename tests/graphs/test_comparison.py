"""Leaders against media: exact where sets are known, bounded where only sizes are, and honest in small groups."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, compare_groups, estimate_reach
from graphs.comparison import COMPARISON_SCHEMA
from graphs.figures import Figure
from graphs.ratios import difference, ratio, typical_pair
from graphs.reaching.chao import chao_interval
from graphs.reaching.medians import median_interval

Row = dict[str, Any]
Rows = dict[tuple[str, str, str, str], Row]
Acts = list[tuple[str, str, str]]


def table(columns: str, rows: list[Any], **types: pa.DataType) -> pa.Table:
    names = columns.split()
    return pa.table(
        {name: pa.array([row[i] for row in rows], types.get(name, pa.string())) for i, name in enumerate(names)}
    )


def interactions(rows: Acts) -> pa.Table:
    return table("source target kind", rows)


def roster(*rows: tuple[str, str, str | None, int | None]) -> pa.Table:
    return table("actor_id kind person followers", list(rows), followers=pa.int64())


PAIR = roster(("x:l", "leader", None, 3000), ("x:m", "media", None, 100))
NO_POSTS = pa.table({"actor_id": pa.array([], pa.string())})


def compare(
    actors: pa.Table,
    *,
    posts: pa.Table = NO_POSTS,
    acts: Acts | None = None,
    population: float | None = None,
    **more: Any,
) -> Rows:
    given_tables = {"actors": actors, "posts": posts, "interactions": interactions(acts or [])}
    audiences = {"audiences": more.pop("audiences", None), "population": population}
    reach = estimate_reach(**given_tables, **audiences)
    result = compare_groups(**given_tables, **audiences, reach=reach, **more)
    assert result.schema.equals(COMPARISON_SCHEMA)
    rows = {(row["measure"], row["kind_of_reach"], row["a"], row["b"]): row for row in result.to_pylist()}
    assert len(rows) == result.num_rows
    for row in rows.values():
        check(row)
    return rows


def check(row: Row) -> None:
    known = [row[name] for name in ("low", "value", "high") if row[name] is not None]
    assert all(math.isfinite(x) for x in known)
    assert known == sorted(known)
    assert (row["reason_missing"] is not None) == (len(known) < 3)


def numbers(row: Row) -> tuple[float | None, float | None, float | None]:
    return row["value"], row["low"], row["high"]


# --- every row ---------------------------------------------------------------------------------------------------

members = st.lists(
    st.tuples(
        st.sampled_from([f"x:{name}" for name in "abcdef"]),
        st.sampled_from(["leader", "media", "party", "unknown"]),
        st.sampled_from([None, "Ann", "Bob"]),
        st.none() | st.integers(0, 1000),
    ),
    max_size=6,
    unique_by=lambda row: row[0],
)
accounts = st.sampled_from([f"x:{name}" for name in "abcdefghij"])
acts_of_all = st.lists(st.tuples(accounts, accounts, st.sampled_from(["follow", "reshare", "reaction"])), max_size=60)
views = st.lists(st.tuples(st.sampled_from([f"x:{name}" for name in "abcdef"]), st.integers(0, 1000)), max_size=20)


@settings(max_examples=8)
@given(members, acts_of_all, views, st.sampled_from([None, 800]))
def test_rows_are_ordered_explained_and_complete(
    actors: list[Any], acts: Acts, seen: list[Any], population: int | None
) -> None:
    posts = table("actor_id views", seen, views=pa.int64())
    rows = compare(roster(*actors), posts=posts, acts=acts, population=population)
    for kind in ("potential", "exposed", "engaged"):
        for measure in ("ratio", "difference"):
            assert (measure, kind, "leader", "media") in rows
        for a, b in (("all_leaders", ""), ("all_media", ""), ("all_leaders", "all_media")):
            assert ("union", kind, a, b) in rows
        assert (("ratio", kind, "all_party", "all_media") in rows) == any(row[1] == "party" for row in actors)


@settings(max_examples=8)
@given(st.lists(st.tuples(accounts, st.sampled_from(["x:l1", "x:l2", "x:m1", "x:m2"]), st.just("follow")), min_size=1))
def test_listed_followers_give_exact_unions(acts: Acts) -> None:
    followers = {name: {s for s, t, _ in acts if t == name} for name in ("x:l1", "x:l2", "x:m1", "x:m2")}
    actors = roster(*[(name, "leader" if "l" in name else "media", None, None) for name in followers])
    rows = compare(actors, acts=acts)
    for a, b, names in (
        ("all_leaders", "", ("x:l1", "x:l2")),
        ("all_media", "", ("x:m1", "x:m2")),
        ("all_leaders", "all_media", tuple(followers)),
        ("x:l1", "x:m2", ("x:l1", "x:m2")),
    ):
        truth = len(set().union(*(followers[name] for name in names)))
        halves = [any(followers[name] for name in followers if side in name) for side in ("l", "m")]
        measured = {"all_leaders": halves[0], "all_media": halves[1], "": True}
        if measured.get(a, bool(followers.get(a))) and measured.get(b, bool(followers.get(b))):
            assert numbers(rows["union", "potential", a, b]) == (truth, truth, truth)


@settings(max_examples=8)
@given(st.lists(st.tuples(accounts, st.sampled_from(["x:l1", "x:l2", "x:m1"]), st.just("reshare")), min_size=1))
def test_engaged_unions_are_chao_on_the_union_of_accounts(acts: Acts) -> None:
    actors = roster(("x:l1", "leader", None, None), ("x:l2", "leader", None, None), ("x:m1", "media", None, None))
    rows = compare(actors, acts=acts)
    for a, b, names in (("all_leaders", "", {"x:l1", "x:l2"}), ("x:l1", "x:m1", {"x:l1", "x:m1"})):
        weights = [sum(s == source and t in names for s, t, _ in acts) for source in {s for s, _, _ in acts}]
        n, f1, f2 = sum(w > 0 for w in weights), weights.count(1), weights.count(2)
        everyone_acted_on = all(any(t == name for _, t, _ in acts) for name in names)
        if everyone_acted_on:
            row = rows["union", "engaged", a, b]
            assert row["value"] == pytest.approx(float(chao_interval(n, f1, f2)[0]))
            assert row["basis"] == "window"


# --- pairs -------------------------------------------------------------------------------------------------------


def test_a_pair_of_exact_counts() -> None:
    rows = compare(PAIR, population=10_000)
    assert numbers(rows["ratio", "potential", "x:l", "x:m"]) == (30, 30, 30)
    assert numbers(rows["difference", "potential", "x:l", "x:m"]) == (2900, 2900, 2900)
    union = rows["union", "potential", "x:l", "x:m"]
    assert (union["low"], union["high"]) == (3000, 3100)
    assert union["value"] == pytest.approx(10_000 * (1 - 0.7 * 0.99))


def test_measured_duplication_makes_the_union_exact_or_as_sure_as_the_survey() -> None:
    # Of the outlet's audience, 40% follow the leader too.
    overlaps = pa.table({"actor_a": ["x:m"], "actor_b": ["x:l"], "share_a_in_b": [0.4]})
    rows = compare(PAIR, overlaps=overlaps)
    assert rows["union", "potential", "x:l", "x:m"]["value"] == 3000 + 100 - 40
    assert numbers(rows["duplication", "potential", "x:l", "x:m"]) == (40, 40, 40)
    assert rows["duplication_share", "potential", "x:m", "x:l"]["value"] == 0.4
    assert rows["incremental", "potential", "all_media", "all_leaders"]["value"] == 60
    surveyed = overlaps.append_column("n", pa.array([50]))
    row = compare(PAIR, overlaps=surveyed)["union", "potential", "x:l", "x:m"]
    assert row["low"] < row["value"] == 3060 < row["high"]
    # The same pair the other way round, a little different: 40 and 42 people.
    back = pa.table({"actor_a": ["x:l"], "actor_b": ["x:m"], "share_a_in_b": [0.014]})
    row = compare(PAIR, overlaps=pa.concat_tables([overlaps, back]))["union", "potential", "x:l", "x:m"]
    assert (row["low"], row["value"], row["high"]) == (3058, 3059, 3060)


@pytest.mark.parametrize(("share", "n"), [(40.0, 10), (-0.1, 10), (0.5, 0)])
def test_shares_that_are_none_are_refused(share: float, n: int) -> None:
    overlaps = pa.table({"actor_a": ["x:m"], "actor_b": ["x:l"], "share_a_in_b": [share], "n": [n]})
    with pytest.raises(InputError, match="x:m in x:l"):
        compare(PAIR, overlaps=overlaps)


def test_division_by_an_outlet_that_reaches_nobody() -> None:
    rows = compare(roster(("x:l", "leader", None, 10), ("x:m", "media", None, 0)))
    row = rows["ratio", "potential", "x:l", "x:m"]
    assert numbers(row) == (None, None, None)
    assert "division by zero" in row["reason_missing"]
    assert rows["difference", "potential", "x:l", "x:m"]["value"] == 10


def test_bounds_divide_end_by_end_and_open_ends_stay_open() -> None:
    circulation = pa.table({"actor_id": ["m:1"], "measure": ["circulation"], "value": [50.0]})
    actors = roster(("x:l", "leader", None, 1000))
    row = compare(actors, audiences=circulation)["ratio", "potential", "x:l", "m:1"]
    assert numbers(row) == (20, None, 20)
    assert "readers per copy" in row["reason_missing"]
    row = compare(actors, audiences=circulation, population=5000)["ratio", "potential", "x:l", "m:1"]
    assert numbers(row) == (20, 0.2, 20)


def test_figures_of_different_bases_are_not_compared() -> None:
    posts = pa.table({"actor_id": ["x:m"] * 6, "reactions": [5, 6, 7, 8, 9, 10]})
    acts = [("x:1", "x:l", "reshare"), ("x:1", "x:l", "reshare"), ("x:2", "x:l", "reply")]
    rows = compare(PAIR, posts=posts, acts=acts)
    for a, b in (("x:l", "x:m"), ("leader", "media"), ("all_leaders", "all_media")):
        assert numbers(rows["ratio", "engaged", a, b]) == (None, None, None)
        assert "different bases" in rows["ratio", "engaged", a, b]["reason_missing"]
    # With counts on the leader's posts too, a typical post of each can be compared.
    both = pa.concat_tables([posts, pa.table({"actor_id": ["x:l"] * 6, "reactions": [2, 2, 2, 2, 2, 1]})])
    row = compare(PAIR, posts=both, acts=acts)["ratio", "engaged", "x:l", "x:m"]
    assert (row["value"], row["basis"]) == (2 / 7.5, "post")


# --- persons and groups ------------------------------------------------------------------------------------------


def test_accounts_of_one_person_count_once_under_the_largest() -> None:
    actors = roster(("x:small", "leader", "Ann", 100), ("t:large", "leader", "Ann", 900), ("x:m", "media", None, 100))
    acts = [("x:1", "x:small", "reshare"), ("x:1", "t:large", "reply"), ("x:small", "t:large", "reshare")]
    rows = compare(actors, acts=acts, population=1000)
    assert not any("x:small" in key for key in rows)
    union = rows["union", "potential", "all_leaders", ""]
    assert (union["low"], union["high"], union["n_a"]) == (900, 1000, 1)
    engaged = rows["union", "engaged", "all_leaders", ""]
    # One account acted, twice; the person's own second account is not an audience.
    assert numbers(engaged) == (1, 1, 1)


def test_an_actor_of_two_kinds_is_refused() -> None:
    actors = roster(("x:a", "leader", None, 1), ("x:a", "media", None, 1))
    with pytest.raises(InputError, match="x:a is 'leader' and 'media'"):
        compare(actors)


def test_outlets_known_from_audiences_only_are_media() -> None:
    audiences = pa.table({"actor_id": ["m:1", "x:u"], "measure": ["readers"] * 2, "value": [500.0, 10.0]})
    actors = roster(("x:l", "leader", None, 1000), ("x:u", "unknown", None, 3))
    rows = compare(actors, audiences=audiences)
    assert rows["ratio", "potential", "x:l", "m:1"]["value"] == 2
    assert rows["union", "potential", "all_media", ""]["n_a"] == 1


def test_empty_groups_have_rows_with_a_reason() -> None:
    rows = compare(roster(("x:l", "leader", None, 10)))
    row = rows["ratio", "potential", "leader", "media"]
    assert row["reason_missing"] == "no actor of kind media in the roster"
    assert (row["n_a"], row["n_b"]) == (1, 0)
    assert rows["union", "potential", "all_leaders", ""]["value"] == 10
    missing = compare(roster(("x:l", "leader", None, None), ("x:m", "media", None, 1)))
    assert "leader: no follower lists" in missing["ratio", "potential", "leader", "media"]["reason_missing"]
    assert missing["ratio", "potential", "leader", "media"]["left_out"] == 1


def test_other_kinds_are_compared_as_groups() -> None:
    actors = roster(
        ("x:p", "party", None, 50),
        ("x:l", "leader", None, 500),
        ("x:m", "media", None, 100),
        ("x:o", "ordinary", None, 1),
    )
    rows = compare(actors)
    assert rows["ratio", "potential", "party", "media"]["value"] == 0.5
    assert rows["ratio", "potential", "all_party", "all_leaders"]["value"] == 0.1
    assert not any("ordinary" in name for key in rows for name in key)
    sides = compare(actors, kinds=("party", "media"))
    assert sides["ratio", "potential", "all_party", "all_media"]["value"] == 0.5


@pytest.mark.parametrize(
    "options", [{"kinds": ("leader", "leader")}, {"kinds": ("leader",)}, {"confidence": 0}, {"replicates": 0}]
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"got (\('leader'|0)"):
        compare(PAIR, **options)


def test_a_reach_table_without_its_columns_is_refused() -> None:
    with pytest.raises(InputError, match="reach: there is no column 'kind_of_reach'"):
        compare_groups(
            actors=PAIR, posts=NO_POSTS, interactions=interactions([]), reach=pa.table({"actor_id": ["x:l"]})
        )


def test_a_reach_table_in_the_contract_s_columns_is_enough() -> None:
    posts = pa.table({"actor_id": ["x:m"] * 6 + ["x:l"] * 6, "reactions": list(range(12)), "views": list(range(12))})
    tables = {"actors": PAIR, "posts": posts, "interactions": interactions([("x:1", "x:l", "reply")] * 2)}
    reach = estimate_reach(**tables)
    whole = compare_groups(**tables, reach=reach).drop_columns(["basis"])
    assert whole.equals(compare_groups(**tables, reach=reach.drop_columns(["basis"])).drop_columns(["basis"]))


# --- typical members ---------------------------------------------------------------------------------------------


def typical_posts(generator: np.random.Generator, members_: int, centre: float, spread: float) -> list[Figure]:
    """Draw members with log-normal typical views, and the figure of each from a few dozen log-normal posts."""
    figures = []
    for mean in generator.normal(centre, spread, members_):
        sample = np.exp(generator.normal(mean, 0.8, generator.integers(8, 60)))
        # What a figure owes to its own posts enters by its spread, so its own interval is not needed.
        value = float(np.median(sample))
        figures.append(Figure(value, value, value, "median_post_views", "post", len(sample)))
    return figures


@pytest.mark.parametrize(
    ("leaders", "outlets", "spreads"),
    [
        (8, 6, (1.0, 1.0)),
        (8, 6, (1.3, 0.5)),
        (3, 2, (1.0, 1.0)),
        (5, 4, (1.3, 0.6)),
        (1, 4, (1.0, 1.0)),
        (12, 7, (1.0, 1.0)),
    ],
)
def test_the_ratio_of_typical_members_covers_the_truth(
    leaders: int, outlets: int, spreads: tuple[float, float]
) -> None:
    generator = np.random.default_rng(leaders * 100 + outlets)
    covered = []
    for _ in range(300):
        a = typical_posts(generator, leaders, 9.0, spreads[0])
        b = typical_posts(generator, outlets, 7.0, spreads[1])
        found = ratio(*typical_pair(a, b, 0.95))
        assert found.low is not None
        assert found.high is not None
        assert found.value is not None
        assert found.low <= found.value <= found.high
        covered.append(found.low <= np.exp(2.0) <= found.high)
    assert np.mean(covered) >= 0.92


def test_the_ratio_of_two_actors_covers_the_truth() -> None:
    generator = np.random.default_rng(4)
    covered = []
    for _ in range(400):
        figures = []
        for centre, spread in ((8.0, 1.0), (6.0, 0.7)):
            value, low, high = (float(x) for x in median_interval(generator.lognormal(centre, spread, 15)))
            figures.append(Figure(value, low, high, "median_post_views"))
        found = ratio(figures[0], figures[1])
        covered.append((found.low or 0) <= np.exp(2.0) <= (found.high or np.inf))
    assert 0.92 <= np.mean(covered) <= 0.995


figures_ = st.lists(st.floats(0, 1e9), min_size=3, max_size=3).map(
    lambda ends: Figure(sorted(ends)[1], sorted(ends)[0], sorted(ends)[2], "median_post_views")
)


@given(st.lists(figures_, min_size=1, max_size=9), st.lists(figures_, min_size=1, max_size=9))
def test_typical_members_of_any_groups_are_ordered(a: list[Figure], b: list[Figure]) -> None:
    for figure in typical_pair(a, b, 0.95):
        assert figure.low is not None
        assert figure.high is not None
        assert figure.value is not None
        assert 0 <= figure.low <= figure.value <= figure.high < np.inf


@given(figures_, figures_)
def test_sampling_intervals_combine_more_tightly_than_bounds(a: Figure, b: Figure) -> None:
    tight = difference(a, b)
    assert a.low is not None
    assert a.high is not None
    assert b.low is not None
    assert b.high is not None
    assert tight.low is not None
    assert tight.high is not None
    slack = 1e-6 * max(a.high, b.high, 1)
    assert a.low - b.high - slack <= tight.low <= tight.high <= a.high - b.low + slack


def test_members_known_within_bounds_widen_the_typical_figure() -> None:
    exact = [Figure(x, x, x, "follower_count") for x in (10.0, 20.0, 30.0)]
    loose = [Figure(x, x / 2, x * 2, "union", bounds=True) for x in (10.0, 20.0, 30.0)]
    other = [Figure(x, x, x, "follower_count") for x in (1.0, 2.0, 4.0)]
    sure, unsure = typical_pair(exact, other, 0.95)[0], typical_pair(loose, other, 0.95)[0]
    assert sure.value == unsure.value == 20
    assert unsure.low is not None
    assert sure.low is not None
    assert unsure.low < sure.low
    assert unsure.bounds


def test_no_interval_of_a_typical_member_ends_above_the_population() -> None:
    followers = {"x:a": 2.0, "x:b": 60_000.0, "x:c": 3.0, "x:d": 90_000.0}
    actors = pa.table(
        {
            "actor_id": list(followers),
            "kind": ["leader", "leader", "media", "media"],
            "followers": list(followers.values()),
        }
    )
    nothing = pa.table({"source": ["x:p"], "target": ["x:q"], "kind": ["reshare"]})
    posts = pa.table({"actor_id": ["x:a"], "views": pa.array([None], pa.float64())})
    tables = {"actors": actors, "posts": posts, "interactions": nothing, "population": 100_000}
    rows = compare_groups(reach=estimate_reach(**tables), **tables).to_pylist()
    (row,) = [r for r in rows if (r["measure"], r["kind_of_reach"], r["a"]) == ("difference", "potential", "leader")]
    assert -200_000 <= row["low"] <= row["value"] <= row["high"] <= 200_000
