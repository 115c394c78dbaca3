"""Calibrated probabilities mean what they say, and thresholds hold their rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.calibration import NegativeScores, fit_platt, sigmoid
from classifiers.settings import Calibration


def test_platt_finds_the_line_that_made_the_labels() -> None:
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 3, 20_000)
    labels = rng.random(20_000) < sigmoid(0.5 * logits - 1.5)
    fitted = fit_platt(logits, labels)
    assert fitted.slope == pytest.approx(0.5, abs=0.03)
    assert fitted.intercepts["pooled"] == pytest.approx(-1.5, abs=0.08)


def test_a_language_with_labels_gets_its_own_intercept() -> None:
    rng = np.random.default_rng(2)
    groups = ["ru"] * 3000 + ["uk"] * 3000 + ["kk"] * 30
    shift = np.array([-2.0] * 3000 + [0.5] * 3000 + [0.0] * 30)
    logits = rng.normal(0, 2, len(groups))
    fitted = fit_platt(logits, rng.random(len(groups)) < sigmoid(logits + shift), groups)
    assert fitted.intercepts["ru"] == pytest.approx(-2.0, abs=0.2)
    assert fitted.intercepts["uk"] == pytest.approx(0.5, abs=0.2)
    assert "kk" not in fitted.intercepts
    assert fitted([1.0], ["kk"])[0] == fitted([1.0])[0]


@given(st.lists(st.tuples(st.floats(-30, 30), st.booleans()), min_size=4, max_size=60))
def test_calibration_is_finite_and_keeps_the_order(pairs: list[tuple[float, bool]]) -> None:
    logits, labels = zip(*pairs, strict=True)
    if len(set(labels)) < 2:
        with pytest.raises(ValueError, match="both kinds"):
            fit_platt(logits, labels)
        return
    fitted = fit_platt(logits, labels)
    assert np.isfinite(fitted.slope)
    probabilities = fitted(sorted(logits))
    assert (np.diff(probabilities) >= 0).all()
    assert ((probabilities >= 0) & (probabilities <= 1)).all()


@settings(max_examples=10)
@given(n=st.integers(40, 200), max_fpr=st.sampled_from([0.05, 0.1, 0.3]), seed=st.integers(0, 100))
def test_a_threshold_holds_its_rate_on_new_negatives(n: int, max_fpr: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rates = []
    for _ in range(300):
        at = NegativeScores({"pooled": rng.random(n).tolist()}).threshold("ru", max_fpr)
        rates.append(1 - at)
    assert np.mean(rates) <= max_fpr * 1.15


def test_too_few_negatives_fall_back_to_all_and_then_to_nothing() -> None:
    scores = NegativeScores({"kk": [0.1, 0.2], "pooled": [i / 100 for i in range(100)]})
    assert scores.threshold("kk", 0.05) == scores.threshold("xx", 0.05)
    assert NegativeScores({"pooled": [0.1, 0.2]}).threshold("kk", 0.05) == float("inf")
    assert NegativeScores({}).threshold("kk", 0.05) == float("inf")


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999))
def test_a_stricter_rate_never_lowers_a_threshold(one: float, other: float) -> None:
    calibration = Calibration(negatives={"pooled": [i / 200 for i in range(200)]})
    strict, loose = sorted([one, other])
    assert calibration.call_thresholds("ru", strict)[1] >= calibration.call_thresholds("ru", loose)[1]
    unsure_at, call_at = calibration.call_thresholds("ru", strict)
    assert unsure_at <= call_at


def test_an_uncalibrated_model_claims_nothing() -> None:
    unsure_at, call_at = Calibration().call_thresholds("ru", 0.05)
    assert call_at == float("inf")
    assert unsure_at == 0.5


@pytest.mark.parametrize("rate", [0.0, 1.0, -1.0, float("nan")])
def test_a_rate_outside_its_range_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="max_fpr"):
        NegativeScores({}).threshold("ru", rate)
