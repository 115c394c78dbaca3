"""Null models: shuffles keep what they say, exact p-values are never too small, planted groups are found."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.coordination.evidence import coincidences, common_objects, holdings_of
from graphs.coordination.nullrun import coordination_null
from graphs.coordination.nulls import NULLS, SHUFFLED, SignificanceOptions, permuted
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import coordinated_edges
from graphs.coordination.shares import Shares, shares_of
from graphs.coordination.sharing import fit_configuration
from graphs.coordination.significance import SIGNIFICANCE_COLUMNS, edge_significance
from graphs.errors import InputError

SECOND = 1_000_000
ANY = CoordinationOptions(window_s=10, min_participation=1)


def _shares(rows: list[tuple[str, str, float]], posts: list[str] | None = None) -> Shares:
    actor, thing, at = zip(*rows, strict=True) if rows else ((), (), ())
    return shares_of(
        pa.table(
            {
                "actor_id": pa.array(actor, pa.string()),
                "object": pa.array(thing, pa.string()),
                "at": pa.array(at, pa.float64()),
                "post_id": pa.array(posts or [f"p{i}" for i in range(len(rows))], pa.string()),
            }
        )
    )


def _random_shares(random: np.random.Generator, count: int = 400, accounts: int = 12, objects: int = 15) -> Shares:
    who, what = random.integers(accounts, size=count), (objects * random.random(count) ** 2).astype(int)
    at = np.rint(random.exponential(300.0, count) + 1000 * (what % 3))
    return _shares([(f"a{i:02d}", f"u{j:02d}", float(t)) for i, j, t in zip(who, what, at, strict=True)])


share_lists = st.lists(
    st.tuples(st.sampled_from("abcd"), st.sampled_from("uvw"), st.integers(0, 40).map(float)), max_size=25
)


def _lines(shares: Shares, *columns: str) -> list[tuple[int, ...]]:
    return sorted(zip(*(getattr(shares, name).tolist() for name in columns), strict=True))


@settings(deadline=None, max_examples=25)
@given(share_lists, st.integers(0, 2**32), st.sampled_from([5.0, 20.0, float("inf")]))
def test_shuffles_keep_their_margins_and_are_the_same_by_seed(
    rows: list[tuple[str, str, float]], seed: int, block: float
) -> None:
    shares = _shares(rows)
    for null in SHUFFLED:
        options = SignificanceOptions(null=null, block_s=block)  # type: ignore[arg-type]
        one, two = (permuted(shares, options, np.random.default_rng(seed)) for _ in range(2))
        for name in ("actor", "object", "at", "post"):
            assert (getattr(one, name) == getattr(two, name)).all()
        order = np.lexsort((one.at, one.object))
        assert (order == np.arange(one.size)).all() or (np.diff(one.at[order]) == np.diff(one.at)).all()
        if null == "times_within_objects":
            assert _lines(one, "actor", "object", "post") == _lines(shares, "actor", "object", "post")
            assert _lines(one, "object", "at") == _lines(shares, "object", "at")
        else:
            assert _lines(one, "actor", "at", "post") == _lines(shares, "actor", "at", "post")
            length = round(block * SECOND) if block < 1e9 else 2**62
            kept = [sorted(zip(s.object.tolist(), (s.at // length).tolist(), strict=True)) for s in (one, shares)]
            assert kept[0] == kept[1]


def test_contents_of_a_post_stay_together_and_originals_stay_where_they_are() -> None:
    rows = [("a", "h1", 0.0), ("a", "h2", 0.0), ("b", "u", 1.0), ("c", "u", 2.0), ("d", "v", 3.0)]
    shares = _shares([*rows, ("e", "p0", 9.0), ("f", "p9", 7.0)], ["1", "1", "2", "3", "4", "5", "p9"])
    options = SignificanceOptions(null="objects_within_activity")
    moved = set()
    for seed in range(30):
        found = permuted(shares, options, np.random.default_rng(seed))
        names = np.array(found.objects.to_pylist())[found.object]
        assert found.post[names == "h1"] == found.post[names == "h2"]
        moved.add(int(found.post[names == "h1"][0]))
        assert found.at[names == "p9"] == 7 * SECOND
    assert len(moved) > 3


def test_coincidences_count_acts_and_not_copies() -> None:
    copies = [("a", "u", float(i)) for i in range(10)] + [("b", "u", float(i)) for i in range(10)]
    hashtags = [("c", f"h{i}", 0.0) for i in range(3)] + [("d", f"h{i}", 1.0) for i in range(3)]
    apart = [("e", "v", 0.0), ("f", "v", 11.0), ("e", "w", 0.0), ("f", "w", 10.0), ("f", "x", 0.0)]
    posts = [f"p{i}" for i in range(20)] + ["c"] * 3 + ["d"] * 3 + ["e1", "f1", "e2", "f2", "f3"]
    shares = _shares(copies + hashtags + apart, posts)
    one, two = np.array([0, 2, 4, 0]), np.array([1, 3, 5, 2])
    assert coincidences(one, two, holdings_of(shares), window=10 * SECOND).tolist() == [1, 1, 1, 0]
    held = holdings_of(shares)
    assert common_objects(one, two, held.first, held.object).tolist() == [1, 3, 2, 0]


@settings(deadline=None, max_examples=25)
@given(
    st.lists(st.tuples(st.sampled_from("uv"), st.integers(0, 30).map(float)), min_size=0, max_size=4),
    st.tuples(*[st.integers(0, 30).map(float)] * 4),
    st.booleans(),
)
def test_times_within_objects_is_exact(
    others: list[tuple[str, float]], at: tuple[float, float, float, float], twice: bool
) -> None:
    """All permutations of the times of two objects; exact too where one of the two shared an object twice."""
    rows = [("a", "u", at[0]), ("b", "u", at[1]), ("a", "v", at[2]), ("b", "v", at[3])]
    rows += [("b", "u", 12.0)] if twice else []
    rows += [(f"c{i}", thing, when) for i, (thing, when) in enumerate(others)]
    shares = _shares(rows)
    edges = pa.table({"source": ["a"], "target": ["b"]})
    found = edge_significance(shares, ANY, edges=edges).edges.to_pylist()[0]

    def chance(thing: str) -> float:
        mine = [(who, when) for who, what, when in rows if what == thing]
        accounts, times = zip(*mine, strict=True)
        hits = [
            any(
                abs(s - t) <= 10
                for who, s in zip(accounts, order, strict=True)
                for whom, t in zip(accounts, order, strict=True)
                if (who, whom) == ("a", "b")
            )
            for order in permutations(times)
        ]
        return sum(hits) / len(hits)

    u, v = chance("u"), chance("v")
    exact = [1.0, u + v - u * v, u * v][found["coincidences"]]
    assert found["p_value"] == pytest.approx(exact, rel=1e-9)
    assert found["expected"] == pytest.approx(u + v, rel=1e-9)


@pytest.mark.parametrize("null", SHUFFLED)
def test_exact_p_values_are_uniform_or_larger_in_shuffled_data(null: str) -> None:
    """Of pairs fixed beforehand: the excess over the diagonal is within the Kolmogorov-Smirnov bound at 0.1%."""
    random = np.random.default_rng(5)
    shares = _random_shares(random)
    model = SignificanceOptions(null=null, block_s=600.0)  # type: ignore[arg-type]
    pairs = [(f"a{i:02d}", f"a{i + 6:02d}") for i in range(6)]
    edges = pa.table({"source": [a for a, _ in pairs], "target": [b for _, b in pairs]})
    runs = []
    tests = edge_significance(shares, ANY, model, edges=edges).tests
    for _ in range(200):
        shuffled = permuted(shares, model, random)
        runs.append(edge_significance(shuffled, ANY, model, edges=edges, tests=tests).edges["p_value"].to_numpy())
    bound = np.sqrt(np.log(1000) / (2 * len(runs)))
    for p in np.array(runs).T:
        p = np.sort(p)
        assert (np.arange(1, len(p) + 1) / len(p) - p).max() <= bound
    assert np.min(runs) < 0.2  # the test has something to see


@pytest.mark.parametrize("null", SHUFFLED)
def test_shuffling_agrees_with_the_exact_distribution(null: str) -> None:
    # Every account shares an object once, hence no bound enters.
    random = np.random.default_rng(2)
    rows = [
        (f"a{i}", f"u{j:02d}", float(random.integers(60))) for j in range(12) for i in range(8) if random.random() < 0.7
    ]
    shares = _shares(rows)
    model = SignificanceOptions(null=null, method="resampling", resamples=1500, stop_after=1500, block_s=1e6)  # type: ignore[arg-type]
    options = CoordinationOptions(window_s=3, min_participation=1)
    drawn = edge_significance(shares, options, model).edges
    exact = edge_significance(
        shares, options, replace(model, method="exact"), edges=drawn.select(["source", "target"])
    ).edges
    p, q = (table["p_value"].to_numpy() for table in (drawn, exact))
    assert len(p) > 15
    if null == "times_within_objects":
        assert np.abs(p - q).max() <= 4 * np.sqrt(0.25 / 1500)
        assert drawn["expected"].to_numpy() == pytest.approx(exact["expected"].to_numpy(), abs=0.1)
    else:
        assert (q >= p - 4 * np.sqrt(p * (1 - p) / 1500) - 1e-3).all()
        assert (q <= 4 * p + 0.05).all()


def test_resampling_stops_early_and_depends_on_the_seed_alone() -> None:
    shares = _random_shares(np.random.default_rng(8))
    for null in SHUFFLED:
        model = SignificanceOptions(null=null, method="resampling", resamples=60, stop_after=3, seed=4)  # type: ignore[arg-type]
        one, two = (edge_significance(shares, ANY, model).edges for _ in range(2))
        assert one.equals(two)
        p = one["p_value"].to_numpy()
        assert (p >= 1 / 61).all()
        assert (p <= 1).all()


def _planted(random: np.random.Generator) -> Shares:
    """Thirty links in bursts of twenty accounts; `x1`, `x2` and `x3` share twelve of them within five seconds."""
    rows = [
        (f"a{who:02d}", f"u{link:02d}", 500 * link + float(random.exponential(4000)))
        for link in range(30)
        for who in random.choice(40, 20, replace=False)
    ]
    for link in range(12):
        start = 500 * link + float(random.exponential(4000))
        rows += [(f"x{i}", f"u{link:02d}", start + float(random.uniform(0, 5))) for i in (1, 2, 3)]
    return _shares(rows)


@pytest.mark.parametrize("null", [*SHUFFLED, "hypergeometric", "configuration_model", "hypergeometric_by_popularity"])
def test_what_each_null_model_finds(null: str) -> None:
    shares = _planted(np.random.default_rng(1))
    found = edge_significance(shares, CoordinationOptions(window_s=10), SignificanceOptions(null=null))  # type: ignore[arg-type]
    rows = found.edges.to_pylist()
    group = {(row["source"], row["target"]): row for row in rows if row["source"][0] == row["target"][0] == "x"}
    assert set(group) == {("x1", "x2"), ("x1", "x3"), ("x2", "x3")}
    assert all(row["p_least"] <= row["p_value"] <= row["q_value"] <= 1 for row in rows)
    assert found.edges.column_names[-5:] == list(SIGNIFICANCE_COLUMNS)
    assert found.tests.tests <= found.tests.pairs
    if null in SHUFFLED:
        significant = found.significant()
        assert {(row["source"], row["target"]) for row in significant.to_pylist()} == set(group)
        assert max(row["q_value"] for row in group.values()) < 1e-10
    if null == "configuration_model":
        assert max(row["p_value"] for row in group.values()) < 0.01


def test_an_object_that_everybody_shares_is_no_evidence() -> None:
    random = np.random.default_rng(3)
    rows = [(f"a{i:02d}", thing, 100.0) for i in range(30) for thing in ("viral", "viral2", "viral3")]
    rows += [(f"a{i:02d}", f"own{i}-{j}", float(random.uniform(1e4, 9e4))) for i in range(30) for j in range(5)]
    shares = _shares(rows)
    plain = edge_significance(shares, ANY, SignificanceOptions(null="hypergeometric"))
    assert plain.significant().num_rows == 435  # all objects alike: every pair comes out
    for null in NULLS:
        # Contents shuffled within a day know nothing of an object that is shared within one second of it.
        if null not in ("hypergeometric", "objects_within_activity"):
            found = edge_significance(shares, ANY, SignificanceOptions(null=null))  # type: ignore[arg-type]
            assert found.edges.num_rows == 435
            assert found.significant().num_rows == 0, null


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5)), min_size=1, max_size=30, unique=True))
def test_the_configuration_model_has_the_degrees_of_the_data(held: list[tuple[int, int]]) -> None:
    matrix = np.zeros((8, 6), np.int64)
    for who, what in held:
        matrix[who, what] = 1
    sharers, place, sizes = np.unique(matrix.sum(0), return_inverse=True, return_counts=True)
    x, y = fit_configuration(matrix.sum(1), sharers, sizes)
    odds = np.outer(x, y[place])
    expected = odds / (1 + odds)
    assert expected.sum(1) == pytest.approx(matrix.sum(1), rel=5e-3)
    assert expected.sum(0) == pytest.approx(matrix.sum(0), rel=5e-3)


@pytest.mark.parametrize("null", NULLS)
@pytest.mark.parametrize(
    "rows",
    [
        [],
        [("a", "u", 1.0)],
        [("a", "u", 1.0)] * 4,
        [("a", "u", 5.0), ("b", "u", 5.0), ("a", "v", 5.0), ("b", "v", 5.0), ("c", "v", 5.0)],
    ],
    ids=["empty", "one share", "one account", "all times equal"],
)
@pytest.mark.parametrize("window", [0.0, 10.0])
def test_degenerate_data_have_defined_results(rows: list[tuple[str, str, float]], null: str, window: float) -> None:
    options = CoordinationOptions(window_s=window, min_participation=1)
    shares, model = _shares(rows), SignificanceOptions(null=null)  # type: ignore[arg-type]
    found = edge_significance(shares, options, model)
    for name in ("p_value", "q_value", "expected", "p_least"):
        values = found.edges[name].to_numpy()
        assert np.isfinite(values).all()
    assert found.significant().num_rows == 0  # with so little, nothing can be told from chance
    if null in SHUFFLED:
        row = coordination_null(shares, options, model, runs=3).to_pylist()[-1]
        assert (row["rule"], row["chosen"], row["runs_with_any"]) == ("q_value", True, 0)
        assert row["false_positive_rate"] == 0 < row["false_positive_high"] < 1


@pytest.mark.parametrize("null", NULLS)
def test_the_null_run_counts_what_chance_brings_and_finds_a_weight(null: str) -> None:
    shares, options = _planted(np.random.default_rng(6)), CoordinationOptions(window_s=10)
    model = SignificanceOptions(null=null)  # type: ignore[arg-type]
    steps: list[tuple[int, int]] = []
    table = coordination_null(
        shares, options, model, runs=20, seed=3, progress=lambda done, of: steps.append((done, of))
    )
    found = edge_significance(shares, options, model)
    assert table == coordination_null(shares, options, model, observed=found, runs=20, seed=3)
    assert steps == [(run, 20) for run in range(1, 21)]
    assert set(table["null"].to_pylist()) == {null if null in SHUFFLED else "objects_within_activity"}
    *weights, by_q = table.to_pylist()
    assert by_q["edges_observed"] == found.significant().num_rows
    assert [row["chosen"] for row in (*weights, by_q)] == [False] * len(weights) + [True]
    for row in weights:
        assert row["edges_observed"] == sum(weight >= row["threshold"] for weight in found.edges["weight"].to_pylist())
    if null in SHUFFLED:
        assert by_q["edges_observed"] >= 3 > by_q["edges_by_chance"]
        enough = [row for row in weights if row["suffices"]]
        assert len(enough) == 1
        assert all(row["share_by_chance"] <= 0.05 for row in weights if row["threshold"] >= enough[0]["threshold"])


@settings(deadline=None, max_examples=25)
@given(share_lists, st.integers(1, 6), st.sampled_from([0.0, 1.0, 2.5]), st.integers(0, 2**16))
def test_a_null_run_is_the_search_on_the_shuffles(
    rows: list[tuple[str, str, float]], runs: int, least: float, seed: int
) -> None:
    shares = _shares(rows)
    options = CoordinationOptions(window_s=10, min_participation=1, min_weight=least)
    table = coordination_null(shares, options, runs=runs, seed=seed).to_pylist()
    random = np.random.default_rng(seed)
    again = [coordinated_edges(permuted(shares, SignificanceOptions(), random), options) for _ in range(runs)]
    assert [row["threshold"] for row in table if row["chosen"]] == [least]
    for row in table:
        counts = [sum(weight >= row["threshold"] for weight in one["weight"].to_pylist()) for one in again]
        assert row["threshold"] >= least
        assert row["edges_by_chance"] == pytest.approx(np.mean(counts))
        assert min(counts) <= row["low"] <= row["high"] <= max(counts)
        assert row["runs_with_any"] == sum(count > 0 for count in counts)
        assert row["false_positive_low"] <= row["false_positive_rate"] <= row["false_positive_high"]
        assert row["false_positive_rate"] == pytest.approx(row["runs_with_any"] / runs)
        assert (row["share_by_chance"] is None) == (row["edges_observed"] == 0)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"null": "poisson"}, "configuration_model"),
        ({"method": "guess"}, "resampling"),
        ({"correction": "holm"}, "benjamini_yekutieli"),
        ({"level": 0}, "0.05 for 5%"),
        ({"block_s": 0}, "block_s"),
        ({"block_s": float("nan")}, "block_s"),
        ({"universe": 0}, "universe"),
        ({"resamples": 0}, "resamples"),
        ({"stop_after": 0}, "stop_after"),
        ({"null": "hypergeometric", "method": "resampling"}, "not shuffled"),
    ],
)
def test_options_out_of_range_are_named(options: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        SignificanceOptions(**options)  # type: ignore[arg-type]


def test_edges_and_runs_that_make_no_sense_are_named() -> None:
    shares = _shares([("a", "u", 1.0), ("b", "u", 2.0), ("b", "v", 3.0)])
    with pytest.raises(InputError, match="'z' is not among"):
        edge_significance(shares, ANY, edges=pa.table({"source": ["a"], "target": ["z"]}))
    with pytest.raises(InputError, match="no column 'target'"):
        edge_significance(shares, ANY, edges=pa.table({"source": ["a"]}))
    with pytest.raises(InputError, match="must hold the 2 objects"):
        edge_significance(shares, ANY, SignificanceOptions(null="hypergeometric", universe=1))
    with pytest.raises(InputError, match="must not be shorter"):
        edge_significance(shares, ANY, SignificanceOptions(null="objects_within_activity", block_s=5))
    with pytest.raises(InputError, match="edge_significance"):
        coordination_null(shares, ANY, SignificanceOptions(), observed=coordinated_edges(shares, ANY))
    with pytest.raises(InputError, match="runs"):
        coordination_null(shares, ANY, runs=0)
    with pytest.raises(InputError, match="not shuffled"):
        permuted(shares, SignificanceOptions(null="hypergeometric"), np.random.default_rng(0))
