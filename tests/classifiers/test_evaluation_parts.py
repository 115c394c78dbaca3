"""Weighted measures agree with plain ones, subgroups count, minima bite, and a whole evaluation runs."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import classifiers
from classifiers import InputError, metrics
from classifiers.evaluation import Predictions, Row, evaluate_scores, parse_minimum
from classifiers.evaluation.bootstrap import resamples
from classifiers.evaluation.frame import Frame
from classifiers.evaluation.perturb import PERTURBATIONS, with_typos
from classifiers.evaluation.rates import exact_interval
from classifiers.evaluation.scores import _manipulative_labels
from classifiers.evaluation.weighted import class_scores, ranking
from classifiers.examples import Example
from classifiers.labelled import read_labelled

posts = st.lists(st.tuples(st.booleans(), st.integers(-3, 3), st.integers(0, 3)), min_size=2, max_size=40)


@given(posts)
def test_weights_are_repeated_posts(rows: list[tuple[bool, int, int]]) -> None:
    truth, scores, weights = (np.array(column) for column in zip(*rows, strict=True))
    y, s = np.repeat(truth, weights), np.repeat(scores, weights)
    found = ranking("call", truth, scores.astype(float)).score(weights[None].astype(float))[0]
    if y.all() or not y.any():
        assert np.isnan(found[0])
        return
    plain = [metrics.auc(y, s), metrics.average_precision(y, s), metrics.recall_at_fpr(y, s)]
    assert found.tolist() == pytest.approx([*plain, metrics.best_f1_threshold(y, s)[1]])


def test_weighted_macro_f1_is_the_plain_one() -> None:
    rng = np.random.default_rng(0)
    names = ("none", "positive", "manipulative")
    truth, guess = (rng.choice(names, 80).astype(object) for _ in range(2))
    weights = rng.integers(0, 4, 80)
    found = class_scores("label", "macro-F1", truth, guess, names).score(weights[None].astype(float))[0, 0]
    plain = metrics.macro_f1(np.repeat(truth, weights), np.repeat(guess, weights), names)
    assert found == pytest.approx(plain)


def test_pairs_are_drawn_together() -> None:
    (weights,) = resamples(["a", "a", "b", "b", "c"], samples=50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, 2] == weights[:, 3]).all()
    assert (weights[:, [0, 2, 4]].sum(axis=1) == 3).all()


def test_intervals_cover_the_truth() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(30):
        labels = rng.random(150) < 0.4
        examples = [Example(str(i), "т", "ru", "s", "call" if y else "none") for i, y in enumerate(labels)]
        scores = {"call": rng.normal(labels.astype(float), 1.0)}
        rows = evaluate_scores(examples, [Predictions("m", scores)], samples=100, kinds=False).scores
        (row,) = [row for row in rows if row.key == "call:auc"]
        assert row.low is not None
        assert row.high is not None
        covered += row.low <= 0.7602 <= row.high
    assert covered >= 24


@given(st.integers(1, 60), st.data())
def test_exact_intervals_hold_the_share(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = exact_interval(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert high > low


@given(st.text(max_size=200))
def test_rewriting_is_deterministic(text: str) -> None:
    for way in PERTURBATIONS:
        assert way.rewrite(text) == way.rewrite(text)
    assert len(with_typos(text)) <= len(text) + len(text.split()) + text.count("-")


def test_minima_are_read_and_held() -> None:
    row = Row("all posts", "all", "call: AUC", "m", 0.8, 0.7, 0.9, 10, 3, "call:auc")
    assert parse_minimum("call:auc>=0.8").failure([row], "m") is None
    assert "0.8 on 10 all posts" in (parse_minimum("call:auc>=0.81").failure([row], "m") or "")
    with pytest.raises(InputError, match="There are: call:auc"):
        parse_minimum("0.5").failure([row], "m")
    for wrong in ("much", "1.5", "nan", "call:auc<=0.5", "call:fpr>=0.1"):
        with pytest.raises(InputError, match="--min"):
            parse_minimum(wrong)


def test_what_does_not_fit_is_refused() -> None:
    examples = [Example("1", "т", "ru", "s", "none")]
    with pytest.raises(InputError, match="is nan"):
        evaluate_scores(examples, [Predictions("m", {"call": np.array([np.nan])})])
    with pytest.raises(InputError, match="for 1 posts"):
        evaluate_scores(examples, [Predictions("m", {"call": np.zeros(2)})])
    with pytest.raises(InputError, match="no labelled post"):
        evaluate_scores([], [Predictions("m")])


def test_errors_of_the_label_manipulative_are_counted() -> None:
    truth = [("call", True)] * 3 + [("call", False)] * 4 + [("none", None)] * 5
    given = ["manipulative", "manipulative", "none", "manipulative", "positive", "positive", "undetermined"]
    given += ["manipulative", "positive", "none", "none", "none"]
    examples = [
        Example(str(i), f"пост {i}", "ru", "s", call, manipulative=verdict) for i, (call, verdict) in enumerate(truth)
    ]
    rows = _manipulative_labels(Frame(examples, kinds=False), "m", np.array(given, dtype=object))
    counts = {row.key: (row.positive, row.n) for row in rows}
    # Taken for calls, and no manipulative ones: one labelled manipulative and two positive, one and one.
    assert counts == {"manipulative:tpr": (2, 3), "manipulative:fpr": (2, 9), "manipulative:false": (2, 5)}


def test_a_whole_evaluation(tiny: Path, labelled: Path, tmp_path: Path) -> None:
    report = classifiers.evaluate(labelled, tiny, samples=20, robustness_posts=40)
    keys = {row.key for row in report.scores}
    assert {"label:f1", "label_abstaining:f1", "call:auc", "verdict:ap", "techniques:f1", "call:ece"} <= keys
    negatives = sum(r.n for r in report.false_calls if r.by == "language")
    assert negatives == next(r.n for r in report.false_calls if r.by == "all")
    assert all(mistake.excerpt is None for mistake in report.mistakes)
    assert {loss.perturbation for loss in report.robustness} == {way.name for way in PERTURBATIONS}
    files = report.write(tmp_path / "out")
    assert {file.name for file in files} >= {"evaluation.md", "evaluation.json", "risk-coverage.svg"}
    assert json.loads((tmp_path / "out" / "evaluation.json").read_text(encoding="utf-8"))["posts"] == report.posts


def test_texts_are_shown_only_where_the_licence_lets_them(tmp_path: Path) -> None:
    rows = [{"id": str(i), "lang": "ru", "text": f"Пост {i}", "call": "none", "label": "none"} for i in range(2)]
    rows[0]["licence"] = "CC BY 4.0"
    file = tmp_path / "a.jsonl"
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    assert read_labelled(file).may_show == [True, False]
