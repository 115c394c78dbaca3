"""Whom one side adds, exclusive audiences, duplication, matching, two steps, sketches: as sets say."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import Any

import ibis
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs import InputError, compare_groups, compare_groups_by_platform, estimate_reach
from graphs.figures import Figure
from graphs.inputs import interactions_of
from graphs.reaching.accounts import edges_to
from graphs.reaching.duplication import OTHER_WAY
from graphs.reaching.sketches import merge_sketches, sketch_sets

Row = dict[str, Any]
LEADERS, OUTLETS = ("x:l1", "x:l2", "x:l3"), ("x:m1", "x:m2")
EVERYBODY = (*LEADERS, *OUTLETS)
NO_POSTS = pa.table({"actor_id": pa.array([], pa.string())})
accounts = st.sampled_from([f"x:{number}" for number in range(12)])
follows = st.lists(st.tuples(accounts, st.sampled_from(EVERYBODY)), min_size=1, max_size=40)


def acts_of(rows: Sequence[tuple[str, ...]], names: str = "source target kind") -> pa.Table:
    return pa.table({name: pa.array([row[i] for row in rows], pa.string()) for i, name in enumerate(names.split())})


def roster(sizes: dict[str, int | None] | None = None) -> pa.Table:
    named: dict[str, int | None] = sizes if sizes is not None else dict.fromkeys(EVERYBODY)
    return pa.table(
        {
            "actor_id": list(named),
            "kind": ["leader" if name.partition(":")[2].startswith("l") else "media" for name in named],
            "followers": pa.array(list(named.values()), pa.int64()),
        }
    )


def compare(actors: pa.Table, acts: pa.Table, **more: Any) -> dict[tuple[str, str, str, str], Row]:
    shared = {key: more[key] for key in ("population", "audiences") if key in more}
    tables = {"actors": actors, "posts": more.pop("posts", NO_POSTS), "interactions": acts}
    reach = more.pop("reach", None)
    if reach is None:
        reach = estimate_reach(**tables, **shared)
    rows = compare_groups(**tables, reach=reach, **more).to_pylist()
    return {(row["measure"], row["kind_of_reach"], row["a"], row["b"]): row for row in rows}


NOBODY = acts_of([("x:1", "x:2", "mention")])


def exact(row: Row, truth: float) -> bool:
    return (row["low"], row["value"], row["high"]) == (truth, truth, truth)


@settings(max_examples=8, deadline=None)
@given(follows)
def test_listed_followers_make_every_measure_a_set_operation(edges: list[tuple[str, str]]) -> None:
    audience = {name: {source for source, target in edges if target == name} for name in EVERYBODY}
    rows = compare(roster(), acts_of([(*edge, "follow") for edge in edges]))
    leaders, media = (set().union(*(audience[name] for name in side)) for side in (LEADERS, OUTLETS))
    if not leaders or not media:
        return
    assert exact(rows["incremental", "potential", "all_leaders", "all_media"], len(leaders - media))
    assert exact(rows["incremental", "potential", "all_media", "all_leaders"], len(media - leaders))
    both = rows["union", "potential", "all_leaders", "all_media"]["value"]
    assert both == rows["union", "potential", "all_media", ""]["value"] + len(leaders - media)
    known = [name for name in EVERYBODY if audience[name]]
    for name in known:
        others = set().union(*(audience[other] for other in known if other != name))
        assert exact(rows["exclusive", "potential", name, ""], len(audience[name] - others))
    assert sum(rows["exclusive", "potential", name, ""]["value"] for name in known) <= both
    for a, b in combinations(known, 2):
        there, back = rows["duplication", "potential", a, b], rows["duplication", "potential", b, a]
        assert exact(there, len(audience[a] & audience[b]))
        assert there["value"] == back["value"]
        assert rows["duplication_share", "potential", a, b]["value"] == there["value"] / len(audience[a])
    for target, size in [("all_media", len(media)), *((name, len(audience[name])) for name in OUTLETS)]:
        found = rows["leaders_to_match", "potential", "all_leaders", target]
        if target in OUTLETS and not audience[target]:
            assert found["value"] is None
            continue
        able = [
            n
            for n in range(1, 4)
            for chosen in combinations(LEADERS, n)
            if len(set().union(*(audience[x] for x in chosen))) >= size
        ]
        assert found["value"] == (min(able) if able else None)
        assert able or "fewer than" in found["reason_missing"]


@settings(max_examples=6, deadline=None)
@given(st.lists(st.integers(0, 900), min_size=5, max_size=5), st.data())
def test_ranges_from_sizes_alone_hold_any_overlap(sizes: list[int], data: st.DataObject) -> None:
    people = range(1000)
    audience = {
        name: set(data.draw(st.permutations(people).map(lambda order, n=size: order[:n])))  # type: ignore[misc]
        if data.draw(st.booleans())
        else set(people[:size])
        for name, size in zip(EVERYBODY, sizes, strict=True)
    }
    rows = compare(roster(dict(zip(EVERYBODY, sizes, strict=True))), NOBODY, population=1000)
    leaders, media = (set().union(*(audience[name] for name in side)) for side in (LEADERS, OUTLETS))
    for measure, a, b, truth in (
        ("union", "all_leaders", "", len(leaders)),
        ("union", "all_leaders", "all_media", len(leaders | media)),
        ("incremental", "all_leaders", "all_media", len(leaders - media)),
        ("exclusive", "all_media", "", len(media - leaders)),
        ("exclusive", "x:l1", "", len(audience["x:l1"] - audience["x:l2"] - audience["x:l3"] - media)),
        ("duplication", "x:l1", "x:m1", len(audience["x:l1"] & audience["x:m1"])),
    ):
        row = rows[measure, "potential", a, b]
        assert row["low"] <= truth <= row["high"]
        assert row["low"] <= row["value"] <= row["high"]


def test_a_person_s_accounts_count_once_also_where_one_side_adds() -> None:
    actors = pa.table(
        {
            "actor_id": ["x:l1", "x:l2", "x:m1"],
            "kind": ["leader", "leader", "media"],
            "person": ["Ann", "Ann", None],
        }
    )
    acts = acts_of([("x:1", "x:l1", "follow"), ("x:1", "x:l2", "follow"), ("x:2", "x:m1", "follow")])
    rows = compare(actors, acts)
    assert exact(rows["incremental", "potential", "all_leaders", "all_media"], 1)
    assert rows["union", "potential", "all_leaders", ""]["n_a"] == 1


# --- how overlaps are read ---------------------------------------------------------------------------------------

SIZES: dict[str, int | None] = {"x:l1": 600, "x:m1": 200, "x:m2": 100}
SHARED = {("x:l1", "x:m1"): 120, ("x:l1", "x:m2"): 30, ("x:m1", "x:m2"): 50}


def overlaps(*, base: int, both: bool, n: bool = False) -> pa.Table:
    """Return the shares of the pairs, of the audience at place `base` of each row."""
    rows = list(SHARED.items())
    rows += [((b, a), people) for (a, b), people in rows] if both else []
    return pa.table(
        {
            "actor_a": [pair[0] for pair, _ in rows],
            "actor_b": [pair[1] for pair, _ in rows],
            "share_a_in_b": [people / (SIZES[pair[base]] or 1) for pair, people in rows],
            **({"n": [SIZES[pair[base]] for pair, _ in rows]} if n else {}),
        }
    )


def test_shares_are_of_a_s_audience() -> None:
    rows = compare(roster(SIZES), NOBODY, overlaps=overlaps(base=0, both=False), population=1000)
    for (a, b), people in SHARED.items():
        assert rows["duplication", "potential", a, b]["value"] == pytest.approx(people)


def test_a_table_that_only_fits_the_other_way_is_read_that_way_and_says_so() -> None:
    rows = compare(roster(SIZES), NOBODY, overlaps=overlaps(base=1, both=True), population=1000)
    assert rows["duplication", "potential", "x:l1", "x:m1"]["value"] == pytest.approx(120)
    assert OTHER_WAY in rows["union", "potential", "all_leaders", "all_media"]["estimator"]
    right = compare(roster(SIZES), NOBODY, overlaps=overlaps(base=0, both=True), population=1000)
    assert OTHER_WAY not in right["union", "potential", "all_leaders", "all_media"]["estimator"]
    assert right["duplication", "potential", "x:l1", "x:m1"]["value"] == pytest.approx(120)


def test_a_single_impossible_share_is_refused_with_both_readings() -> None:
    wrong = pa.table({"actor_a": ["x:l1"], "actor_b": ["x:m2"], "share_a_in_b": [0.6]})
    with pytest.raises(InputError, match=r"people in both / people in a.*people in both / people in b, swap"):
        compare(roster(SIZES), NOBODY, overlaps=wrong, population=1000)


# --- sketches ----------------------------------------------------------------------------------------------------


def test_sketches_agree_with_exact_sets_and_merge() -> None:
    edges = [(f"x:{n}", "x:l1", "follow") for n in range(30_000)]
    edges += [(f"x:{n}", "x:m1", "follow") for n in range(20_000, 60_000)]
    acts, actors = acts_of(edges), roster({"x:l1": None, "x:m1": None})
    rows, sketched = compare(actors, acts), compare(actors, acts, most_follows=10)
    for measure, a, b in (
        ("union", "x:l1", "x:m1"),
        ("incremental", "all_leaders", "all_media"),
        ("duplication", "x:l1", "x:m1"),
    ):
        truth, row = rows[measure, "potential", a, b], sketched[measure, "potential", a, b]
        assert exact(truth, truth["value"])
        assert row["value"] == pytest.approx(truth["value"], rel=0.05)
        # Two standard deviations miss now and then; a third holds.
        slack = (row["high"] - row["low"]) / 4
        assert row["low"] - slack <= truth["value"] <= row["high"] + slack
    assert "theta sketch" in sketched["incremental", "potential", "all_leaders", "all_media"]["estimator"]
    named = ibis.memtable(pa.table({"actor_id": ["x:l1"], "member": ["x:l1"], "platform": ["x"]}))
    parts = [sketch_sets(edges_to(interactions_of(acts_of(edges[i : i + 20_000])), named)) for i in (0, 10_000)]
    merged = merge_sketches(parts).figures(["x:l1"])["x"]
    assert merged.value == pytest.approx(30_000, rel=0.05)


# --- two steps ---------------------------------------------------------------------------------------------------


def test_two_steps_are_counted_by_first_contact() -> None:
    actors = pa.table({"actor_id": ["x:m1", "x:l1"], "kind": ["media", "leader"]})
    posts = pa.table({"actor_id": ["x:m1"], "post_id": ["x:p"], "created_at": pa.array([0], pa.timestamp("us", "UTC"))})
    rows = [
        # source, target, at, own post, post acted on
        ("x:l1", "x:m1", 1, "x:r1", "x:p"),  # direct
        ("x:u1", "x:l1", 2, "x:r2", "x:r1"),  # through the leader
        ("x:u2", "x:u1", 3, "x:r3", "x:r2"),  # through an ordinary account
        ("x:u3", "x:m1", 2, "x:r4", "x:p"),  # first direct,
        ("x:u3", "x:l1", 4, "x:r5", "x:r1"),  # later through the leader as well
    ]
    acts = pa.table(
        {
            "source": [row[0] for row in rows],
            "target": [row[1] for row in rows],
            "kind": ["reshare"] * len(rows),
            "at": pa.array([row[2] for row in rows], pa.timestamp("us", "UTC")),
            "post_id": [row[3] for row in rows],
            "target_post": [row[4] for row in rows],
        }
    )
    row = compare(actors, acts, posts=posts)["two_step_share", "engaged", "all_media", ""]
    assert (row["value"], row["n_a"], row["n_b"]) == (0.5, 4, 1)
    assert row["low"] < 0.5 < row["high"]
    objects = pa.table(
        {
            "post_id": ["x:p", "x:q", "x:s"],
            "actor_id": ["x:m1", "x:u9", "x:l1"],
            "kind": ["url"] * 3,
            "object": ["https://example.org/a"] * 3,
            "at": pa.array([0, 5, 6], pa.timestamp("us", "UTC")),
        }
    )
    row = compare(actors, acts, posts=posts, objects=objects)["two_step_share", "engaged", "x:m1", ""]
    # One more account, with the link and without an earlier contact: direct.
    assert (row["value"], row["n_a"]) == (0.4, 5)


def test_without_chains_the_two_step_share_says_why() -> None:
    acts = acts_of([("x:1", "x:m1", "reshare")])
    row = compare(roster(), acts)["two_step_share", "engaged", "all_media", ""]
    assert row["value"] is None
    assert "chains are not known" in row["reason_missing"]


# --- other kinds of reach, platforms, large rosters --------------------------------------------------------------


def test_simulated_reach_takes_the_net_that_it_is_given() -> None:
    acts = acts_of([("x:1", name, "follow") for name in EVERYBODY])
    tables = {"actors": roster(), "posts": NO_POSTS, "interactions": acts}
    reach = estimate_reach(**tables)
    more = [
        {
            **dict.fromkeys(reach.column_names), "actor_id": name, "kind_of_reach": "simulated", "value": 10.0,
            "low": 9.0, "high": 11.0, "estimator": "independent cascade", "n_observed": 5,
        }
        for name in EVERYBODY
    ]  # fmt: skip
    reach = pa.concat_tables([reach, pa.Table.from_pylist(more, schema=reach.schema)])
    plain = compare(roster(), acts, reach=reach)["union", "simulated", "all_leaders", ""]
    assert (plain["low"], plain["high"]) == (9, 33)

    def net(names: Any) -> Figure:
        size = 8.0 + 2 * len(names)
        return Figure(size, size - 1, size + 1, "net")

    rows = compare(roster(), acts, reach=reach, net_simulated=net)
    assert rows["union", "simulated", "all_leaders", ""]["value"] == 14
    assert rows["incremental", "simulated", "all_leaders", "all_media"]["value"] == 18 - 12


def test_platforms_are_compared_by_themselves_where_there_are_two() -> None:
    sizes: dict[str, int | None] = {"x:l1": 100, "t:l2": 300, "x:m1": 50, "t:m2": 30}
    tables = {"actors": roster(sizes), "posts": NO_POSTS, "interactions": NOBODY}
    rows = compare_groups_by_platform(**tables, reach=estimate_reach(**tables)).to_pylist()
    ratios = {
        row["platform"]: row["value"]
        for row in rows
        if (row["measure"], row["kind_of_reach"], row["a"]) == ("ratio", "potential", "all_leaders")
    }
    assert ratios == {"t": 10, "x": 2}
    alone = {**tables, "actors": roster({"x:l1": 1, "x:m1": 1})}
    assert not compare_groups_by_platform(**alone, reach=estimate_reach(**alone)).num_rows


def test_large_rosters_list_the_largest_of_each_side() -> None:
    sizes: dict[str, int | None] = {f"x:{side}{n}": n for side, most in (("l", 300), ("m", 200)) for n in range(most)}
    rows = compare(roster(sizes), NOBODY, population=1_000_000)
    pairs = {(a, b) for measure, kind, a, b in rows if (measure, kind) == ("ratio", "potential") and ":" in a}
    assert len(pairs) == 2500
    assert ("x:l299", "x:m199") in pairs
    assert rows["union", "potential", "all_leaders", ""]["n_a"] == 300
