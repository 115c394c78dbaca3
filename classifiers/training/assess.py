"""Calibrate on one half of the held-out posts and score on the other; the figures go into the card."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from classifiers.calibration import Floats
from classifiers.evaluation.frame import as_records
from classifiers.evaluation.mistakes import may_pass_on
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.run import BASELINE, evaluate_scores
from classifiers.examples import Example, calibration_half
from classifiers.inference import RawScores
from classifiers.language import LANGUAGES
from classifiers.prediction import Classifier
from classifiers.settings import write_settings
from classifiers.training.baseline import baseline_scores
from classifiers.training.calibrate import calibrate
from classifiers.training.splits import parts

#: A language is validated for calls from this many held-out real posts on, with at least so many calls among them.
LEAST_POSTS, LEAST_CALLS = 100, 20
MODEL = "model"


def assess(
    classifier: Classifier,
    folder: Path,
    trained_on: Sequence[Example],
    held_out: Sequence[Example],
    card: dict[str, Any],
    *,
    baseline: bool = True,
    samples: int = 1000,
) -> Classifier:
    """The same weights with calibration and card, written to the folder.

    The weights are those that were loaded from the folder, in the precision in which they ship.
    """
    if not held_out:
        return _written(classifier, folder, {**card, "scores": [], "mistakes": [], "unvalidated": []})
    raw = classifier.raw_scores([example.text for example in held_out])
    half = np.array(calibration_half(held_out))
    fitted = [example for example, use in zip(held_out, half, strict=True) if use]
    scored = [example for example, use in zip(held_out, half, strict=True) if not use]
    if fitted:
        calibration = calibrate(fitted, _rows(raw, half))
        settings = classifier.settings.model_copy(update={"calibration": calibration})
        classifier = classifier.with_settings(settings)
    # Ranks and signs of log odds do not depend on what was calibrated: all held-out posts can speak there.
    given = [Predictions.of_raw(MODEL, raw)]
    if baseline:
        given.append(Predictions(BASELINE, baseline_scores(trained_on, held_out)))
    rows, mistakes = list(evaluate_scores(held_out, given, samples=samples).scores), []
    if scored:
        labels = classifier.predict([e.text for e in scored], [e.lang for e in scored], call_words=False)
        shown = _may_show(scored, card)
        report = evaluate_scores(scored, [Predictions(MODEL, labels=labels)], samples=samples, may_show=shown)
        rows += report.scores
        mistakes = [asdict(mistake) for mistake in report.mistakes]
    found = {"thresholds": _thresholds(classifier), "scores": as_records(rows), "mistakes": mistakes}
    return _written(classifier, folder, {**card, **_validation(held_out), **found})


def assess_folds(
    classifier: Classifier,
    folder: Path,
    examples: Sequence[Example],
    folds: NDArray[np.int64],
    raw: RawScores,
    card: dict[str, Any],
    *,
    baseline: bool = True,
    samples: int = 1000,
) -> Classifier:
    """The same weights, trained on all N examples, with calibration and card from out-of-fold scores.

    Ranks are scored on the scores themselves; what depends on calibration is scored on a fold by the calibration of
    the other folds. The calibration that is kept is that of all folds.
    """
    given = [Predictions.of_raw(MODEL, raw)]
    if baseline:
        given.append(Predictions(BASELINE, _baseline_of_folds(examples, folds)))
    rows = list(evaluate_scores(examples, given, samples=samples).scores)
    labels: list[pa.Table] = []
    order: list[int] = []
    for number in sorted(set(folds.tolist())):
        inside = folds == number
        fitted = [e for e, use in zip(examples, inside, strict=True) if not use]
        own = [e for e, use in zip(examples, inside, strict=True) if use]
        calibration = calibrate(fitted, _rows(raw, ~inside))
        settings = classifier.settings.model_copy(update={"calibration": calibration})
        texts, langs = [e.text for e in own], [e.lang for e in own]
        labels.append(classifier.with_settings(settings).labels_of(texts, _rows(raw, inside), langs))
        order += np.flatnonzero(inside).tolist()
    crossed = Predictions(MODEL, labels=pa.concat_tables(labels).take(np.argsort(order)))
    # Without token scores no words can be shown, no call can be labelled manipulative: neither is asked.
    unread = [not len(tokens.offsets) for tokens in raw.tokens]
    asked = [replace(e, manipulative=None, spans=None) if no else e for e, no in zip(examples, unread, strict=True)]
    report = evaluate_scores(asked, [crossed], samples=samples, may_show=_may_show(examples, card))
    final = classifier.settings.model_copy(update={"calibration": calibrate(examples, raw)})
    classifier = classifier.with_settings(final)
    found = {
        "folds": len(labels),
        "thresholds": _thresholds(classifier),
        "scores": as_records([*rows, *report.scores]),
        "mistakes": [asdict(mistake) for mistake in report.mistakes],
    }
    return _written(classifier, folder, {**card, **_validation(examples), **found})


def _baseline_of_folds(examples: Sequence[Example], folds: NDArray[np.int64]) -> dict[str, Floats]:
    """Out-of-fold log odds of the lexical baseline; 0 where a fold's posts could teach nothing."""
    found: dict[str, Floats] = {}
    for _, rest, rows in parts(examples, folds):
        for name, scores in baseline_scores(rest, [examples[row] for row in rows]).items():
            found.setdefault(name, np.zeros(len(examples)))[rows] = scores
    return found


def _may_show(examples: Sequence[Example], card: dict[str, Any]) -> list[bool]:
    """Of which posts the text may stand in the card: by the licence of their source there."""
    sources = card.get("training", {}).get("sources", {})
    return [may_pass_on(str(sources.get(example.source, {}).get("licence", ""))) for example in examples]


def _validation(held_out: Sequence[Example]) -> dict[str, Any]:
    """Held-out real labels a language, and the languages with too few of them."""
    posts = Counter(e.lang for e in held_out if e.real and e.call is not None)
    calls = Counter(e.lang for e in held_out if e.real and e.call == "call")
    languages = sorted({"kk", "ru", "en", "uk", "mix", *posts})
    labels = {language: {"posts": posts[language], "calls": calls[language]} for language in languages}
    short = [x for x in languages if posts[x] < LEAST_POSTS or calls[x] < LEAST_CALLS]
    return {
        "validated": labels,
        "least_validated": {"posts": LEAST_POSTS, "calls": LEAST_CALLS},
        "unvalidated": short,
    }


def _thresholds(classifier: Classifier, max_fpr: float = 0.05) -> dict[str, Any]:
    """Thresholds at the default rate; None where there are too few negatives for any."""
    calibration = classifier.settings.calibration
    calls = {language: calibration.call_thresholds(language, max_fpr) for language in LANGUAGES}
    return {
        "max_fpr": max_fpr,
        "call": {
            language: {"unsure_at": round(unsure_at, 4), "call_at": round(call_at, 4) if np.isfinite(call_at) else None}
            for language, (unsure_at, call_at) in calls.items()
        },
        "manipulative_at": round(at, 4) if np.isfinite(at := calibration.manipulative_at(max_fpr)) else None,
        "positive_below": calibration.positive_below,
    }


def _rows(raw: RawScores, keep: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> RawScores:
    tokens = [found for found, use in zip(raw.tokens, keep, strict=True) if use]
    return RawScores(
        raw.call[keep], raw.promotion[keep], raw.manipulative[keep], raw.call_types[keep], raw.techniques[keep], tokens
    )


def _written(classifier: Classifier, folder: Path, card: dict[str, Any]) -> Classifier:
    settings = classifier.settings.model_copy(update={"card": {**classifier.settings.card, **card}})
    write_settings(settings, folder)
    return classifier.with_settings(settings)
