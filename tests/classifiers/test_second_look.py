"""The second look: every post that rounding could move over a threshold is read exactly, and few others."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classifiers
from classifiers.calibration import sigmoid
from classifiers.engines import Outputs, Rounding, TorchEngine
from classifiers.inference import RawScores, TokenScores
from classifiers.prediction import Classifier
from classifiers.second_look import BAND, undecided
from classifiers.settings import Calibration, PlattSettings

ROUNDING = Rounding(call=0.05, manipulative=0.1)
CALIBRATION = Calibration(
    call=PlattSettings(slope=0.5, intercepts={"pooled": -0.5, "ru": 0.25}),
    verdict=PlattSettings(slope=0.8, intercepts={"pooled": 0.3}),
    negatives={"pooled": np.linspace(0.01, 0.9, 60).tolist(), "ru": np.linspace(0.01, 0.6, 60).tolist()},
    open_calls=np.linspace(0.01, 0.6, 40).tolist(),
)
LANGUAGES = st.sets(st.sampled_from(["kk", "ru"]), min_size=1)
LOGITS = st.floats(-8, 8)


def _raw(call: list[float], verdict: list[float]) -> RawScores:
    n, none = len(call), TokenScores(np.zeros((0, 2), dtype=np.int64), np.zeros((0, 12)))
    rest = np.zeros((n, 11)), np.zeros((n, 10)), [none] * n
    return RawScores(np.array(call), np.zeros(n), np.array(verdict), *rest)


def _side(call: float, verdict: float, language: str, max_fpr: float) -> tuple[bool, ...]:
    """On which side of each threshold a post stands, as far as its label depends on it."""
    p = float(CALIBRATION.call.build()([call], [language])[0])
    unsure_at, call_at = CALIBRATION.call_thresholds(language, max_fpr)
    p_manipulative = float(CALIBRATION.verdict.build()([verdict])[0])
    at = CALIBRATION.manipulative_at(max_fpr)
    is_call = p >= call_at
    return p < unsure_at, is_call, is_call and p_manipulative < min(0.3, at), is_call and p_manipulative >= at


@given(
    posts=st.lists(st.tuples(LOGITS, LOGITS, LANGUAGES, st.floats(-1, 1), st.floats(-1, 1)), min_size=1, max_size=30),
    max_fpr=st.sampled_from([0.02, 0.05, 0.2, 0.001]),
)
def test_a_post_that_is_left_alone_has_the_label_that_the_exact_scores_give(
    posts: list[tuple[float, float, set[str], float, float]], max_fpr: float
) -> None:
    raw = _raw([post[0] for post in posts], [post[1] for post in posts])
    options: dict[str, Any] = {"calibration": CALIBRATION, "rounding": ROUNDING, "max_fpr": max_fpr}
    again = set(undecided(raw, [post[2] for post in posts], **options).tolist())
    for i, (call, verdict, languages, a, b) in enumerate(posts):
        exact = call + 0.99 * a * BAND * ROUNDING.call, verdict + 0.99 * b * BAND * ROUNDING.manipulative
        if i not in again:
            assert all(_side(call, verdict, name, max_fpr) == _side(*exact, name, max_fpr) for name in languages)


def test_only_the_neighbourhood_of_thresholds_is_looked_at() -> None:
    call = np.linspace(-8, 8, 2001).tolist()
    options: dict[str, Any] = {"calibration": CALIBRATION, "rounding": ROUNDING, "max_fpr": 0.05}
    again = undecided(_raw(call, [-8.0] * len(call)), [{"ru"}] * len(call), **options)
    assert 0 < len(again) <= (2 * 2 * BAND * ROUNDING.call) / 16 * 2001 + 2


def test_nothing_is_near_a_threshold_that_nobody_reaches() -> None:
    alone = Calibration()
    raw = _raw(np.linspace(-8, 8, 101).tolist(), [0.0] * 101)
    again = undecided(raw, [{"kk"}] * 101, calibration=alone, rounding=ROUNDING, max_fpr=0.05)
    # Without negatives no post is a call; what is left is the place where a call becomes likelier than not.
    assert np.abs(raw.call[again]).max() <= BAND * ROUNDING.call
    assert len(again)


class Shaken:
    """The exact engine with its log odds moved at random, as far as rounding does."""

    name = "shaken"
    identity = "shaken"
    equal_lengths = False

    def __init__(self, engine: TorchEngine, rounding: Rounding) -> None:
        self.engine, self.rounding = engine, rounding
        self.random = np.random.default_rng(0)

    def __call__(self, ids: Any, mask: Any) -> Outputs:
        found = self.engine(ids, mask)
        move = self.random.uniform(-1, 1, (2, len(ids))).astype(np.float32)
        call = found.call.copy()
        call[:, list(classifiers.CALLS).index("call")] += BAND * self.rounding.call * move[0]
        verdict = found.manipulative + BAND * self.rounding.manipulative * move[1]
        return Outputs(call, verdict, found.call_types, found.techniques, found.spans)


@pytest.mark.parametrize("size", [0.02, 0.2])
def test_labels_are_those_of_the_exact_engine(tiny: Path, written: list[dict[str, Any]], size: float) -> None:
    texts, langs = [post["text"][:200] for post in written[::9]], [post["lang"] for post in written[::9]]
    exact = classifiers.load(tiny, runtime="torch")
    raw = exact.raw_scores(texts)
    # Thresholds in the midst of the scores, where rounding matters most.
    calls, verdicts = sigmoid(raw.call).tolist(), sigmoid(raw.manipulative).tolist()
    calibration = Calibration(
        negatives={"pooled": calls}, open_calls=verdicts, positive_below=float(np.median(verdicts))
    )
    exact = exact.with_settings(exact.settings.model_copy(update={"calibration": calibration}))
    shaken = Classifier(
        exact.network, exact.encoder, exact.settings, Shaken(TorchEngine(exact.network), Rounding(size, size))
    )
    ours, theirs = (model.predict(texts, langs, max_fpr=0.4) for model in (shaken, exact))
    assert ours["label"].equals(theirs["label"])
    assert 0 < shaken.looked_again <= len(texts)
    assert exact.looked_again == 0
    manipulative = [i for i, label in enumerate(ours["label"].to_pylist()) if label == "manipulative"]
    rows = ours.to_pylist(), theirs.to_pylist()
    assert all(rows[0][i]["spans"] == rows[1][i]["spans"] for i in manipulative)


@given(logit=st.floats(-20, 20), language=st.sampled_from(["ru", "kk"]))
@settings(max_examples=50)
def test_log_odds_are_where_the_calibration_takes_them_to(logit: float, language: str) -> None:
    from classifiers.second_look import _log_odds

    p = float(CALIBRATION.call.build()([logit], [language])[0])
    assert _log_odds(CALIBRATION.call, p, language) == pytest.approx(logit, abs=1e-6)
    assert p == pytest.approx(float(sigmoid(np.array(0.5 * logit + (0.25 if language == "ru" else -0.5)))))
