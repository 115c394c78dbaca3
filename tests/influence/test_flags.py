"""Flags: proposed on rates whose low end is above the threshold, with evidence and what speaks against."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import ibis
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from influence.errors import InputError, StudyError
from influence.flags import (
    ErrorRate,
    LabelErrors,
    Partners,
    beta_priors,
    coordination_beside,
    propose_flags,
    read_label_errors,
    read_partners,
    reviewed_evidence,
    shrunk_rates,
)
from influence.flags.judging import Accounts, judge
from influence.flags.label_errors import _false
from influence.flags.rates import corrected_rate
from influence.review import Decision, ReviewStore
from influence.settings import read_settings
from influence.study import Study

START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)


def _flags(inputs: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = propose_flags(**inputs, **options).flags.to_pylist()
    return rows


def _inputs(accounts: dict[str, list[str]], reshares: tuple[str, ...] = ()) -> dict[str, Any]:
    """Accounts with the labels of their posts, one post a day."""
    posts, labels = [], []
    for actor, values in accounts.items():
        for number, label in enumerate(values):
            post_id = f"{actor}/{number:03}"
            reshared = "x:other" if actor in reshares else None
            when = START + dt.timedelta(days=number)
            row = {"post_id": post_id, "actor_id": actor, "created_at": when, "reshared_actor": reshared}
            posts.append({**row, "text": f"text {number}"})
            sure = {"p_call": 0.9, "p_manipulative": number / 1000}
            labels.append({"post_id": post_id, "label": label, "lang": "kk", "call_types": ["attend"], **sure})
    schema = pa.schema([("post_id", pa.string()), ("actor_id", pa.string()), ("created_at", pa.timestamp("us", "UTC"))])
    for name in ("reshared_actor", "reshared_post", "text"):
        schema = schema.append(pa.field(name, pa.string()))
    reach = pa.table(
        {
            "actor_id": ["x:bad", "x:bad", "x:small"],
            "kind_of_reach": ["potential", "exposed", "potential"],
            "value": [9000.0, 1000.0, None],
            "low": [9000.0, 800.0, None],
            "high": [9000.0, 1300.0, None],
        }
    )
    return {
        "posts": ibis.memtable(pa.Table.from_pylist(posts, schema=schema)),
        "labels": ibis.memtable(pa.Table.from_pylist(labels)),
        "actors": ibis.memtable(pa.table({"actor_id": list(accounts), "kind": ["leader"] * len(accounts)})),
        "reach": reach,
    }


GOOD = {f"x:good{i}": ["none"] * 18 + ["positive"] * 2 for i in range(8)}


def test_only_accounts_with_a_high_rate_over_enough_posts_are_flagged() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 20 + ["none"] * 20, "x:small": ["manipulative"] * 9}
    flags = _flags(_inputs(accounts))
    assert [flag["actor_id"] for flag in flags] == ["x:bad"]
    (flag,) = flags
    assert (flag["manipulative_calls"], flag["posts"], flag["reach"], flag["reach_kind"]) == (20, 40, 1000.0, "exposed")
    assert 0.1 < flag["rate_low"] < flag["rate"] < flag["rate_high"] < 1
    assert flag["rate"] < 0.5, "the rate is shrunk to that of its kind"
    assert flag["score"] == pytest.approx(flag["rate_low"] * 40 / (39 / 7) * 1000), (
        "per week, over the span of all posts"
    )
    assert "20 of 40 own posts" in flag["reasons"][0]


def test_the_evidence_is_the_surest_manipulative_calls() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 30}
    (flag,) = _flags(_inputs(accounts))
    assert flag["evidence"] == [f"x:bad/{number:03}" for number in range(29, 19, -1)]


def test_what_an_account_only_reshares_is_not_its_own_rate() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 30}
    assert _flags(_inputs(accounts, reshares=("x:bad",))) == []


def test_a_lower_threshold_never_flags_fewer() -> None:
    accounts = {f"x:{k}": ["manipulative"] * k + ["none"] * (30 - k) for k in range(0, 30, 3)}
    counts = [len(_flags(_inputs(accounts), min_rate=rate)) for rate in (0.05, 0.2, 0.4, 0.8)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_no_posts_give_no_flags() -> None:
    empty = _inputs({"x:a": ["none"]})
    empty["posts"] = empty["posts"].limit(0)
    proposed = propose_flags(**empty)
    assert proposed.flags.num_rows == 0
    (row,) = proposed.considered.to_pylist()
    assert (row["kind"], row["accounts"]) == ("all", 0)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=20))
def test_rates_stay_between_their_ends_and_inside_0_1(pairs: list[tuple[int, int]]) -> None:
    k = np.array([min(pair) for pair in pairs])
    n = np.array([max(pair) for pair in pairs])
    rate, low, high = shrunk_rates(k, n, beta_priors(k, n))
    assert np.all((low >= 0) & (low <= rate) & (rate <= high) & (high <= 1))


def test_intervals_cover_the_true_rates_as_often_as_they_say() -> None:
    random = np.random.default_rng(7)
    covered = []
    for _ in range(60):
        truth = random.beta(2, 18, size=40)
        n = random.integers(10, 60, size=40)
        k = random.binomial(n, truth)
        _, low, high = shrunk_rates(k, n, beta_priors(k, n))
        covered.append((low <= truth) & (truth <= high))
    assert 0.93 <= np.mean(covered) <= 0.97


def test_a_confidence_that_is_none_is_refused() -> None:
    with pytest.raises(InputError, match=r"got 1\.5"):
        shrunk_rates(np.array([1]), np.array([2]), beta_priors(np.array([1]), np.array([2])), confidence=1.5)


# -- the errors of labels ----------------------------------------------------------------------------------------------

CARD = LabelErrors(false=(ErrorRate("real posts", "all", 8, 40),), found=ErrorRate("real posts", "all", 7, 10))


def _accounts(rows: list[tuple[int, int, int]]) -> Accounts:
    """Accounts of one kind from (labelled manipulative, taken for calls, posts), each text a different one."""
    k, calls, n = (np.array(column) for column in zip(*rows, strict=True))
    names = np.full(len(rows), "leader", dtype=object)
    return Accounts(k, n, calls, k, calls, names, np.full(len(rows), "ru", dtype=object))


@settings(max_examples=20)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60), st.floats(0.0, 0.5))
def test_corrected_rates_stay_inside_0_1_and_between_their_ends(a: int, b: int, c: int, false: float) -> None:
    k, calls, n = sorted((a, b, c + 1))
    priors = beta_priors(np.array([k]), np.array([n]))
    for rate in (0.0, false):
        mean, low, high = corrected_rate(k, n, calls, priors, false=np.array([rate]))
        assert 0 <= low <= mean + 1e-6
        assert mean <= high + 1e-6 <= 1 + 2e-6


def test_without_errors_the_corrected_rate_is_the_plain_one() -> None:
    k, n = np.array([3, 12, 0]), np.array([30, 40, 25])
    priors = beta_priors(k, n)
    plain = np.stack(shrunk_rates(k, n, priors), axis=1)
    for i in range(3):
        found = corrected_rate(int(k[i]), int(n[i]), int(n[i]), priors, false=np.array([0.0]), found=np.array([1.0]))
        assert found == pytest.approx(plain[i], abs=2e-3)


def test_who_calls_openly_all_day_is_not_flagged_for_the_mistakes_of_the_model() -> None:
    charity, agitator = (12, 55, 60), (30, 40, 60)
    rest = [(0, 2, 40)] * 10
    plain = judge(_accounts([charity, agitator, *rest]), LabelErrors(), min_rate=0.05)
    weighed = judge(_accounts([charity, agitator, *rest]), CARD, min_rate=0.05)
    assert plain.flagged[:2].tolist() == [True, True]
    assert weighed.flagged[:2].tolist() == [False, True]
    assert weighed.rate[1, 0] < plain.rate[1, 0]
    assert not weighed.flagged[2:].any()


@settings(max_examples=12)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(1, 60)), min_size=1, max_size=6))
def test_errors_only_ever_take_flags_away(rows: list[tuple[int, int, int]]) -> None:
    accounts = _accounts([tuple(sorted(row)) for row in rows])  # type: ignore[misc]
    plain, weighed = judge(accounts, LabelErrors()), judge(accounts, CARD)
    assert not (weighed.flagged & ~plain.flagged).any()
    assert (weighed.rate <= plain.rate).all()
    assert np.isnan(plain.p).all()
    assert ((weighed.p[weighed.enough] > 0) & (weighed.p[weighed.enough] <= weighed.q[weighed.enough])).all()


def test_one_text_posted_often_is_one_label() -> None:
    accounts = {**GOOD, "x:bad": ["manipulative"] * 20 + ["positive"] * 8 + ["none"] * 12}
    inputs = _inputs(accounts)
    assert [flag["actor_id"] for flag in _flags(inputs, errors=CARD)] == ["x:bad"]
    posts = inputs["posts"]
    day = posts.post_id.split("/")[1].cast("int")
    inputs["posts"] = posts.mutate(text=ibis.ifelse(day < 20, ibis.literal("join us, or else"), posts.text))
    assert _flags(inputs, errors=CARD) == []
    proposed = propose_flags(**inputs, errors=CARD).considered.to_pylist()
    assert proposed[-1]["explained_by_false_alarms"] == 1
    (flag,) = _flags(inputs)
    assert any("1 different texts" in word for word in flag["against"])
    assert len(flag["evidence"]) == 1


def test_a_model_without_scores_flags_and_says_that_nobody_knows_its_errors() -> None:
    (flag,) = _flags(_inputs({**GOOD, "x:bad": ["manipulative"] * 20 + ["none"] * 20}))
    assert flag["q_false_alarms"] is flag["corrected_rate"] is flag["expected_false_alarms"] is None
    assert any("does not say how often this label is wrong" in word for word in flag["against"])


def test_the_shipped_card_gives_error_rates_and_counts_win_over_what_is_derived(tmp_path: Path) -> None:
    errors = read_label_errors(None)
    assert errors.typical("ru") is not None
    assert errors.found is not None
    assert all(0 <= rate.hits <= rate.of for rate in errors.false)
    row = {"posts": "real posts", "language": "all", "model": "model", "value": 0.1, "n": 50, "positive": 5}
    derived = {"key": "label_abstaining:manipulative:recall", "value": 0.5, "n": 90, "positive": 10}
    scores = [{**row, "key": "manipulative:false"}, {**row, "key": "manipulative:tpr", "n": 9}, {**row, **derived}]
    settings = {"name": "m", "window": 64, "card": {"scores": scores, "unvalidated": ["kk"]}}
    (tmp_path / "classifier.json").write_text(json.dumps(settings), encoding="utf-8")
    read = read_label_errors(str(tmp_path))
    assert read.false == (ErrorRate("real posts", "all", 5, 50),)
    assert read.found == ErrorRate("real posts", "all", 5, 9)
    assert read.unvalidated == frozenset({"kk"})


def test_precision_and_recall_give_the_counts_back() -> None:
    rows = {
        "label_abstaining:manipulative:precision": {"value": 0.25, "n": 517, "positive": 3},
        "label_abstaining:manipulative:recall": {"value": 0.3333, "n": 517, "positive": 3},
        "label_abstaining:positive:precision": {"value": 0.5946, "n": 517, "positive": 32},
        "label_abstaining:positive:recall": {"value": 0.6875, "n": 517, "positive": 32},
    }
    assert list(_false(("real posts", "all"), rows)) == [ErrorRate("real posts", "all", 3, 40)]
    del rows["label_abstaining:positive:recall"]
    assert list(_false(("real posts", "all"), rows)) == []


# -- what stands beside the rate ---------------------------------------------------------------------------------------


def test_the_evidence_is_spread_over_the_days() -> None:
    inputs = _inputs({**GOOD, "x:bad": ["manipulative"] * 30})
    number = inputs["posts"].post_id.split("/")[1].cast("int")
    # The surest twenty-five fall on one day; the five before have a day each.
    days = ibis.ifelse(number < 5, number, 5).cast("int")
    inputs["posts"] = inputs["posts"].mutate(
        created_at=ibis.timestamp("2026-03-01", timezone="UTC") + days.as_interval("D")
    )
    (flag,) = _flags(inputs)
    chosen = [int(post.partition("/")[2]) for post in flag["evidence"]]
    assert chosen[0] == 29, "of each day the surest"
    assert set(chosen[:6]) == {0, 1, 2, 3, 4, 29}
    assert chosen[6:] == [28, 27, 26, 25]
    assert any("25 of 30 are from one day" in word for word in flag["against"])


def test_partners_are_named_and_none_examined_is_not_none_found() -> None:
    inputs = _inputs({**GOOD, "x:bad": ["manipulative"] * 20 + ["none"] * 20})
    (unknown,) = _flags(inputs)
    (alone,) = _flags(inputs, partners=lambda actors: Partners(0.05))
    (led,) = _flags(inputs, partners=lambda actors: Partners(0.05, {"x:bad": ["x:c"]}, {"x:bad": "3"}))
    assert (unknown["coordinated_with"], alone["coordinated_with"], led["coordinated_with"]) == (None, [], ["x:c"])
    assert "not examined" in " ".join(unknown["against"])
    assert "q-value below 0.05" in " ".join(alone["against"])
    assert led["cluster"] == "3"
    assert "cluster 3" in " ".join(led["reasons"])


def test_partners_are_read_from_the_coordination_of_the_same_window(study: Study) -> None:
    assert coordination_beside(study, "all times") is None
    edges = pa.table({"source": ["x:a", "x:b", "x:c"], "target": ["x:b", "x:c", "x:d"], "q_value": [0.01, 0.2, None]})
    clusters = pa.table({"cluster": [1], "actors": [["x:a", "x:b"]], "q_value": [0.01]})
    tables = {"coordination_edges": edges, "coordination_clusters": clusters}
    study.save_result("coordination", {"window": "all times"}, tables, {"finished_at": "2026-01-01"})
    assert coordination_beside(study, "2026-03-01..2026-03-02") is None
    found = read_partners(study, coordination_beside(study, "all times"), ["x:b", "x:c"], q=0.05)
    assert found is not None
    assert found.of == {"x:b": ["x:a"]}
    assert found.cluster == {"x:b": "1"}


def test_reach_of_one_kind_for_all_where_all_have_one() -> None:
    bad = ["manipulative"] * 20 + ["none"] * 20
    inputs = _inputs({**GOOD, "x:bad": bad, "x:worse": bad})
    reach = [("x:bad", "exposed", 1000.0), ("x:bad", "potential", 50.0), ("x:worse", "potential", 90.0)]
    rows = [{"actor_id": a, "kind_of_reach": kind, "value": v, "low": v, "high": v} for a, kind, v in reach]
    inputs["reach"] = pa.Table.from_pylist(rows)
    flags = _flags(inputs)
    assert [(flag["actor_id"], flag["reach_kind"]) for flag in flags] == [
        ("x:worse", "potential"),
        ("x:bad", "potential"),
    ]
    inputs["reach"] = pa.Table.from_pylist(rows[:1])
    worse, bad_one = (next(f for f in _flags(inputs) if f["actor_id"] == name) for name in ("x:worse", "x:bad"))
    assert (bad_one["reach"], worse["reach"]) == (1000.0, None)
    assert "its reach is not known" in " ".join(worse["against"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Министр призвал жителей выйти на площадь {}", "may report or quote"),
        ("Депутат тұрғындарды алаңға шақырды {}", "may report or quote"),
        ("The union urged members to sign the letter {}", "may report or quote"),
        ("«Выходите все на площадь, иначе завтра вашего двора не будет» {}", "may report or quote"),
    ],
)
def test_reports_of_calls_speak_against_a_flag(text: str, said: str) -> None:
    inputs = _inputs({**GOOD, "x:bad": ["manipulative"] * 20 + ["none"] * 20})
    plain = " ".join(_flags(inputs)[0]["against"])
    words = ibis.literal(text.removesuffix("{}")) + inputs["posts"].post_id
    inputs["posts"] = inputs["posts"].mutate(text=words)
    assert said not in plain
    assert said in " ".join(_flags(inputs)[0]["against"])


def test_the_state_and_safety_instructions_speak_against_a_flag() -> None:
    inputs = _inputs({**GOOD, "x:bad": ["manipulative"] * 20 + ["none"] * 20})
    inputs["labels"] = inputs["labels"].mutate(call_types=ibis.array(["comply_prepare"]))
    inputs["actors"] = inputs["actors"].mutate(kind=ibis.literal("state"))
    words = " ".join(_flags(inputs, errors=LabelErrors(unvalidated=frozenset({"kk"})))[0]["against"])
    for said in (
        "all 20 ask to comply",
        "an account of the state",
        "all 20 are in languages in which the model is unval",
    ):
        assert said in words


def test_what_people_decided_about_the_evidence_is_counted(study: Study) -> None:
    flags = [{"actor_id": "x:bad", "evidence": ["x:1", "x:2", "x:3", "x:4"]}]
    assert "none of its 4" in reviewed_evidence(study, flags)["x:bad"].sentence()
    ReviewStore(study.folder).record(
        Decision("x:1", "Aigul", "call", "manipulative"),
        Decision("x:2", "Aigul", "none"),
        Decision("x:3", "Aigul", "call", "unclear"),
    )
    found = reviewed_evidence(study, flags)["x:bad"]
    assert (found.manipulative, found.otherwise, found.disputed, found.decided) == (1, 1, 1, 3)


@pytest.mark.parametrize(("key", "value"), [("min_rates", "0.1"), ("q", "1.5"), ("max_fpr", "0"), ("min_posts", "0")])
def test_settings_of_flags_that_are_none_are_refused(tmp_path: Path, key: str, value: str) -> None:
    (tmp_path / "study.toml").write_text(f'name = "s"\n[flags]\n{key} = {value}\n', encoding="utf-8")
    with pytest.raises(StudyError, match=rf"flags\.{key}"):
        read_settings(tmp_path)
