"""Clusters of coordinated accounts: who is in them, how surely, with what evidence, and what speaks against them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.coordination.counter_evidence import against, counter_evidence
from graphs.coordination.exchange import coordination_graph, write_coordination_graph
from graphs.coordination.find import ClusterOptions, Coordination, find_coordination
from graphs.coordination.grid import grid_of_settings
from graphs.coordination.groups import connected_parts, group_accounts, groups_of, share_in_one_part
from graphs.coordination.inside import events_behind
from graphs.coordination.nulls import SignificanceOptions
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import coordinated_edges
from graphs.coordination.shares import shares_of
from graphs.coordination.stability import best_jaccard, cluster_stability
from graphs.errors import InputError

QUICK = ClusterOptions(resamples=10, null_runs=2)


def _table(rows: list[tuple[str, str, float]], kind: str = "url") -> pa.Table:
    """Shares from (account, object, second); every share is a post of its own."""
    return pa.table(
        {
            "actor_id": [row[0] for row in rows],
            "object": [row[1] for row in rows],
            "kind": [kind] * len(rows),
            "at": [float(row[2]) for row in rows],
            "post_id": [f"p{place}" for place in range(len(rows))],
        }
    )


def _background(accounts: int, things: int, seed: int) -> list[tuple[str, str, float]]:
    """Accounts that share some of the things whenever they like within ten days."""
    random = np.random.default_rng(seed)
    return [
        (f"o{who}", f"u{thing}", float(random.integers(864_000)))
        for who in range(accounts)
        for thing in random.choice(things, size=6, replace=False)
    ]


def _planted(group: int, things: int, *, start: int = 0) -> list[tuple[str, str, float]]:
    """A group that shares the same things within ten seconds of each other."""
    return [
        (f"g{who}", f"u{start + thing}", 40_000.0 * (thing + 1) + (7 * who + 3 * thing) % 10)
        for who in range(group)
        for thing in range(things)
    ]


def _find(rows: list[tuple[str, str, float]], **options: Any) -> Coordination:
    how = options.pop("clusters", QUICK)
    return find_coordination(_table(rows), options=CoordinationOptions(**options), clusters=how)


# -- groups -----------------------------------------------------------------------------------------------------------

edge_lists = st.lists(st.tuples(st.integers(0, 14), st.integers(0, 14), st.integers(1, 9)), min_size=1, max_size=40)


def _arrays(edges: list[tuple[int, int, int]]) -> tuple[Any, Any, Any]:
    unique = {(min(a, b), max(a, b)): weight for a, b, weight in edges if a != b}
    ends = np.array(sorted(unique), np.int64).reshape(-1, 2)
    weight = np.array([unique[a, b] for a, b in ends.tolist()], np.float64)
    return ends[:, 0], ends[:, 1], weight


@settings(deadline=None, max_examples=40)
@given(edges=edge_lists)
def test_groups_lie_within_connected_parts_and_hang_together(edges: list[tuple[int, int, int]]) -> None:
    source, target, weight = _arrays(edges)
    graph = nx.Graph()
    graph.add_edges_from(zip(source.tolist(), target.tolist(), strict=True))
    parts = groups_of(connected_parts(source, target, 15))
    assert {frozenset(part.tolist()) for part in parts} == {frozenset(part) for part in nx.connected_components(graph)}
    groups = groups_of(group_accounts(source, target, weight, 15))
    assert [len(group) for group in groups] == sorted((len(group) for group in groups), reverse=True)
    for group in groups:
        assert len(group) >= 2
        assert nx.is_connected(graph.subgraph(group.tolist()))


@settings(deadline=None, max_examples=40)
@given(edges=edge_lists, seed=st.integers(0, 5))
def test_the_same_seed_gives_the_same_groups_whatever_else_is_in_the_data(
    edges: list[tuple[int, int, int]], seed: int
) -> None:
    source, target, weight = _arrays(edges)
    if not len(source):
        return
    alone = group_accounts(source, target, weight, 15, seed=seed)
    assert (alone == group_accounts(source, target, weight, 15, seed=seed)).all()
    assert (group_accounts(source, target, weight, 15, method="components", seed=seed) >= -1).all()


def test_communities_are_about_as_good_as_those_of_networkx() -> None:
    for seed in range(3):
        graph = nx.planted_partition_graph(6, 20, 0.5, 0.03, seed=seed)
        ends = np.array(list(graph.edges), np.int64)
        labels = group_accounts(ends[:, 0], ends[:, 1], np.ones(len(ends)), len(graph))
        ours = nx.community.modularity(graph, [set(group.tolist()) for group in groups_of(labels)])
        theirs = nx.community.modularity(graph, nx.community.louvain_communities(graph, seed=seed))
        assert ours >= theirs - 0.01


def test_communities_of_one_part_do_not_depend_on_another() -> None:
    graph = nx.planted_partition_graph(4, 12, 0.7, 0.05, seed=4)
    ends = np.array(list(graph.edges), np.int64)
    ones = np.ones(len(ends))
    alone = group_accounts(ends[:, 0], ends[:, 1], ones, 48)
    twice = np.concatenate([ends, ends + 48])
    both = group_accounts(twice[:, 0], twice[:, 1], np.ones(len(twice)), 96)
    found = nx.community.modularity(graph, [set(group.tolist()) for group in groups_of(alone)])
    again = [set(group.tolist()) for group in groups_of(both) if group.max() < 48]
    assert nx.community.modularity(graph, again) == pytest.approx(found, abs=0.02)


def test_share_in_one_part_counts_only_edges_among_the_cluster() -> None:
    labels = np.array([0, 0, 0, 0, 1, 1, -1])
    source, target = np.array([0, 2, 0, 3]), np.array([1, 6, 4, 6])
    # 0-1 is inside; 2-6-3 goes through an account that is in no cluster, 0-4 leads into another one.
    assert share_in_one_part(source, target, labels, 2).tolist() == [0.5, 0.0]


# -- the whole search --------------------------------------------------------------------------------------------------


def test_a_planted_group_is_one_cluster_with_all_its_posts() -> None:
    found = _find([*_background(60, 40, 1), *_planted(6, 8)], window_s=10)
    group = {f"g{who}" for who in range(6)}
    row = next(row for row in found.clusters.to_pylist() if group & set(row["actors"]))
    assert set(row["actors"]) == group
    assert (row["n_actors"], row["n_objects"], row["n_posts"], row["edges"]) == (6, 8, 48, 15)
    assert row["density"] == 1.0
    assert (row["q_value"], found.edges["q_value"].null_count) == (None, found.edges.num_rows)
    assert row["stability"] > 0.75
    assert row["kinds"] == ["url"]
    assert not row["fragile"]


def test_with_a_null_model_only_significant_pairs_make_clusters() -> None:
    table = _table([*_background(60, 40, 2), *_planted(5, 9, start=100)])
    options = CoordinationOptions(window_s=10)
    found = find_coordination(
        table, options=options, significance=SignificanceOptions(null="hypergeometric"), clusters=QUICK
    )
    joined = found.edges.to_pandas().dropna(subset=["cluster"])
    assert (joined["q_value"] < 0.05).all()
    assert [set(row["actors"]) for row in found.clusters.to_pylist()] == [{f"g{who}" for who in range(5)}]
    row = found.clusters.to_pylist()[0]
    assert row["q_value"] == joined["q_value"].max()
    null = found.null.to_pylist()
    assert [entry["rule"] for entry in null if entry["chosen"]] == ["q_value"]
    assert all(0 <= entry["low"] <= entry["high"] for entry in null)
    assert null[-1]["edges_by_chance"] < null[-1]["edges_observed"]


@settings(deadline=None, max_examples=15)
@given(
    rows=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.sampled_from("uvw"), st.integers(0, 40)), min_size=0, max_size=40
    ),
    window=st.integers(0, 15),
)
def test_every_figure_follows_from_the_events(rows: list[tuple[str, str, float]], window: int) -> None:
    found = _find(rows, window_s=window, min_participation=1, clusters=ClusterOptions(resamples=2, null_runs=0))
    weights = {(row["source"], row["target"]): row for row in found.edges.to_pylist()}
    for row in found.clusters.to_pylist():
        inside = [edge for edge in weights.values() if edge["cluster"] == row["cluster"]]
        assert {name for edge in inside for name in (edge["source"], edge["target"])} == set(row["actors"])
        assert (len(inside), sum(edge["weight"] for edge in inside)) == (row["edges"], row["events"])
        assert 0 < row["density"] <= 1
        assert 0 <= row["stability"] <= 1
        evidence = [line for line in found.evidence.to_pylist() if line["cluster"] == row["cluster"]]
        assert sum(line["events"] for line in evidence) == row["events"]
        assert {post for line in evidence for post in line["posts"]} == set(row["posts"])
        assert (row["first_at"], row["last_at"]) == (
            min(line["first_at"] for line in evidence), max(line["last_at"] for line in evidence),
        )  # fmt: skip
        for line in evidence:
            assert line["at"] == sorted(line["at"])
            assert line["gaps_s"][0] is None
            assert all(gap >= 0 for gap in line["gaps_s"][1:])
            assert line["accounts"] == len(set(line["actors"]))
            assert line["outsiders_near"] <= line["outsiders"]


@pytest.mark.parametrize("rows", [[], [("a", "u", 1.0)], [("a", "u", 1.0), ("a", "u", 2.0)]], ids=len)
def test_nothing_found_is_empty_tables_and_no_error(rows: list[tuple[str, str, float]]) -> None:
    found = _find(rows, min_participation=1)
    assert (found.edges.num_rows, found.clusters.num_rows, found.evidence.num_rows) == (0, 0, 0)
    assert found.grid["edges"].to_pylist() == [0] * found.grid.num_rows
    assert found.null["share_by_chance"].null_count == found.null.num_rows


@pytest.mark.parametrize("wrong", [{"max_q": 0}, {"method": "k-means"}, {"resamples": -1}, {"near_s": float("inf")}])
def test_options_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=next(iter(wrong))):
        ClusterOptions(**wrong)


# -- stability and settings --------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(
    labels=st.lists(st.integers(-1, 3), min_size=1, max_size=20),
    other=st.lists(st.integers(-1, 3), min_size=20, max_size=20),
)
def test_the_best_jaccard_is_that_of_all_pairs_of_groups(labels: list[int], other: list[int]) -> None:
    one, two = np.array(labels), np.array(other[: len(labels)])
    groups = 4
    for group, best in enumerate(best_jaccard(one, two, groups)):
        own = set(np.flatnonzero(one == group).tolist())
        others = [set(np.flatnonzero(two == other).tolist()) for other in range(4)]
        expected = max((len(own & their) / len(own | their) for their in others if own | their), default=0.0)
        assert best == pytest.approx(expected)


def test_what_rests_on_one_object_is_less_stable_than_what_rests_on_many() -> None:
    rows = [*_planted(4, 1), *((f"h{name[1]}", f"w{thing}", at) for name, thing, at in _planted(4, 12))]
    shares = shares_of(_table(rows))
    options = CoordinationOptions(window_s=10, min_participation=1)
    edges = coordinated_edges(shares, options)
    names = shares.actors.to_pylist()
    source, target = (
        np.array([names.index(name) for name in edges[side].to_pylist()]) for side in ("source", "target")
    )
    labels = group_accounts(source, target, edges["weight"].to_numpy().astype(float), len(names))
    events = events_behind(shares, edges, options)
    found = cluster_stability(events, source=source, target=target, labels=labels, least=1, resamples=200)
    single = labels[names.index("g0")]
    # Drawn from 13 objects the one object is missing in (12/13)^13 = 0.35 of the resamples.
    assert found[single] == pytest.approx(1 - (12 / 13) ** 13, abs=0.1)
    assert found[labels[names.index("h0")]] > 0.95


def test_cells_of_the_grid_are_searches_of_their_own() -> None:
    shares = shares_of(_table([*_background(30, 8, 3), *_planted(4, 5)]))
    options = CoordinationOptions(window_s=30, min_participation=2)
    edges = coordinated_edges(shares, options)
    standing = grid_of_settings(
        shares, edges, np.full(len(shares.actors), -1), options, windows=[5, 3000], weights=[1, 4]
    )
    stands: dict[tuple[str, str], int] = {}
    for row in standing.table.to_pylist():
        alone = coordinated_edges(
            shares, CoordinationOptions(window_s=row["window_s"], min_participation=2, min_weight=row["min_weight"])
        )
        assert row["edges"] == alone.num_rows
        assert row["largest_weight"] == max(alone["weight"].to_pylist(), default=0)
        for pair in zip(alone["source"].to_pylist(), alone["target"].to_pylist(), strict=True):
            stands[pair] = stands.get(pair, 0) + 1
    pairs = zip(edges["source"].to_pylist(), edges["target"].to_pylist(), strict=True)
    assert standing.edges.tolist() == [stands[pair] for pair in pairs]
    assert standing.table["chosen"].to_pylist().count(True) == 1


def test_what_no_stricter_setting_finds_is_fragile() -> None:
    # a and b are always a second apart, c and d once, 50 seconds apart: at half the window, or for two events, they go.
    rows = [(who, f"u{n}", 1000.0 * n + late) for n in range(4) for who, late in (("a", 0), ("b", 1))]
    found = _find([*rows, ("c", "v", 5.0), ("d", "v", 55.0)], window_s=60, min_participation=1)
    fragile = {row["source"]: row["fragile"] for row in found.edges.to_pylist()}
    assert fragile == {"a": False, "c": True}
    assert {tuple(row["actors"]): row["fragile"] for row in found.clusters.to_pylist()} == {
        ("a", "b"): False,
        ("c", "d"): True,
    }


# -- counter-evidence --------------------------------------------------------------------------------------------------


def _of(found: Coordination, member: str) -> dict[str, Any]:
    return next(row for row in found.clusters.to_pylist() if member in row["actors"])


def test_a_burst_of_outsiders_is_named() -> None:
    rows = [(who, "u", 1000.0 + late) for who, late in (("a", 0), ("b", 2))]
    calm = _of(_find(rows, window_s=5, min_participation=1), "a")
    crowd = [(f"o{n}", "u", 1060.0 + 7 * n) for n in range(8)]
    burst = _of(_find([*rows, *crowd], window_s=5, min_participation=1), "a")
    assert (calm["outsider_share"], burst["outsider_share"], burst["burst_objects"]) == (0.0, 0.8, 1)
    assert any(words.startswith("burst: ") for words in burst["against"])
    assert not any(words.startswith("burst: ") for words in calm["against"])
    # A day later they do not count.
    late = _of(
        _find([*rows, *((who, thing, at + 86_400) for who, thing, at in crowd)], window_s=5, min_participation=1), "a"
    )
    assert late["outsider_share"] == 0.0


def test_media_owners_and_the_fans_of_one_author_are_named() -> None:
    rows = [(who, f"p{n}", 1000.0 * n + late) for n in range(5) for who, late in (("a", 0), ("b", 3))]
    actors = pa.table(
        {
            "actor_id": ["a", "b", "z"],
            "kind": ["media", "media", "leader"],
            "person": [None, None, None],
            "name": ["The Morning Herald", "the morning—herald!", "Z"],
            "url": ["https://www.herald.example/a", "herald.example", "https://x.com/z"],
        }
    )
    posts = pa.table({"post_id": [f"p{n}" for n in range(4)], "actor_id": ["z"] * 4})
    table = _table([(who, f"q{thing}", at) for who, thing, at in rows], kind="reshare")
    table = table.set_column(1, "object", pa.array([row[1] for row in rows])).set_column(
        4, "post_id", pa.array([f"own{place}" for place in range(len(rows))])
    )
    found = find_coordination(
        table, actors=actors, posts=posts, options=CoordinationOptions(window_s=5), clusters=QUICK
    )
    row = found.clusters.to_pylist()[0]
    assert (row["media_share"], row["one_owner_share"], row["one_author"], row["one_author_share"]) == (
        1.0,
        1.0,
        "z",
        0.8,
    )
    assert row["one_owner"] in ("domain herald.example", "name the morning herald")
    assert (row["regular_share"], row["regular_lag_s"]) == (1.0, 3.0)
    beginnings = {words.split(":")[0] for words in row["against"]}
    assert beginnings == {"syndication", "one owner", "fans", "feed"}


def test_a_platform_is_no_owner_and_unknown_accounts_tell_nothing() -> None:
    evidence = [{"accounts": 2, "outsiders_near": 0, "kind": "url", "author": None}] * 2
    actors: dict[str, dict[str, Any]] = {name: {"url": f"https://t.me/{name}", "name": "Аб"} for name in "ab"}
    found = counter_evidence(["a", "b"], evidence, actors, [])
    assert (found.one_owner, found.one_owner_share) == (None, 0.0)
    assert against(found, accounts=2, objects=2, edges=0) == []
    assert counter_evidence(["a", "b"], evidence, {"a": {"url": "http://["}}, []).one_owner is None


def test_edges_that_are_not_of_these_data_are_refused() -> None:
    shares = shares_of(_table([("a", "u", 0.0), ("b", "u", 1.0)]))
    with pytest.raises(InputError, match="'zz' has no share"):
        events_behind(shares, pa.table({"source": ["a"], "target": ["zz"]}), CoordinationOptions(min_participation=1))


# -- for other programs ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", [".gexf", ".graphml"])
def test_weights_and_clusters_come_back_from_a_file(tmp_path: Path, ending: str) -> None:
    found = _find(_planted(4, 5), window_s=10)
    graph = coordination_graph(found.edges, actors={"g0": {"name": "Зеро", "kind": "leader"}})
    write_coordination_graph(graph, tmp_path / f"network{ending}")
    read = (
        nx.read_gexf(tmp_path / "network.gexf") if ending == ".gexf" else nx.read_graphml(tmp_path / "network.graphml")
    )
    weights = {frozenset((row["source"], row["target"])): row["weight"] for row in found.edges.to_pylist()}
    assert {frozenset(edge[:2]): edge[2] for edge in read.edges(data="weight")} == weights
    assert {data["cluster"] for _, data in read.nodes(data=True)} == {1}
    assert (read.nodes["g0"]["label"], read.nodes["g0"]["kind"]) == ("Зеро", "leader")


def test_other_endings_and_tables_without_weights_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="weight"):
        coordination_graph(pa.table({"source": ["a"], "target": ["b"]}))
    with pytest.raises(InputError, match=r"\.gexf"):
        write_coordination_graph(nx.Graph(), tmp_path / "network.png")
