"""The metrics agree with scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, f1_score, roc_auc_score

from classifiers import metrics

posts = st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=2, max_size=60)


@given(posts)
def test_auc_and_average_precision_agree_with_scikit_learn(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = zip(*pairs, strict=True)
    if len(set(labels)) < 2:
        assert np.isnan(metrics.auc(labels, scores))
        return
    assert metrics.auc(labels, scores) == pytest.approx(roc_auc_score(labels, scores))
    assert metrics.average_precision(labels, scores) == pytest.approx(average_precision_score(labels, scores))


@given(posts, st.floats(0, 0.5))
def test_recall_at_a_rate_can_be_reached_by_a_threshold(pairs: list[tuple[bool, int]], rate: float) -> None:
    labels, scores = (np.array(column) for column in zip(*pairs, strict=True))
    if labels.all() or not labels.any():
        return
    best = max(
        (scores[labels] > at).mean() for at in [-9, *scores.tolist()] if (scores[~labels] > at).mean() <= rate + 1e-12
    )
    assert metrics.recall_at_fpr(labels, scores, rate) == pytest.approx(best)


@given(posts)
def test_the_best_threshold_has_the_best_f1(pairs: list[tuple[bool, int]]) -> None:
    labels, scores = (np.array(column) for column in zip(*pairs, strict=True))
    if not labels.any():
        assert np.isnan(metrics.best_f1_threshold(labels, scores)[1])
        return
    at, found = metrics.best_f1_threshold(labels, scores)
    assert found == pytest.approx(f1_score(labels, scores >= at))
    for other in scores:
        hits = (labels & (scores >= other)).sum()
        assert 2 * hits / (labels.sum() + (scores >= other).sum()) <= found + 1e-12


def test_macro_f1_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, given_ = (rng.choice(["a", "b", "c"], 200).tolist() for _ in range(2))
    assert metrics.macro_f1(truth, given_, ["a", "b", "c"]) == pytest.approx(f1_score(truth, given_, average="macro"))


def test_calibration_error_is_zero_for_the_truth_and_large_for_its_opposite() -> None:
    labels = np.array([0, 1] * 50)
    assert metrics.expected_calibration_error(labels, labels) == 0
    assert metrics.expected_calibration_error(labels, 1 - labels) == 1
