"""Fit everything that is fitted after training: calibrations and thresholds, on held-out real posts."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import POOLED, Floats, Platt, fit_platt
from classifiers.evidence import find_spans
from classifiers.examples import Example
from classifiers.inference import RawScores
from classifiers.metrics import best_f1_threshold
from classifiers.prediction import describe
from classifiers.scheme import TECHNIQUES
from classifiers.settings import Calibration, PlattSettings
from classifiers.spans import span_counts, span_f1

# A language with fewer calls shares the intercept of all.
_LEAST_CALLS = 10
_SPAN_GRID = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def calibrate(examples: Sequence[Example], raw: RawScores) -> Calibration:
    """Calibration from held-out posts (N) and their raw scores, in the same order.

    Only real posts set the probability of a call and the thresholds; where there are none, all posts do. What has
    too few labels of either kind stays as the network gave it.
    """
    real = np.array([example.real for example in examples], dtype=bool)
    if not real.any():
        real[:] = True
    call, negatives = _calibrate_call(examples, raw, real)
    verdict, open_calls = _calibrate_verdict(examples, raw, real)
    techniques, at = _calibrate_techniques(examples, raw, real)
    found = Calibration(
        call=PlattSettings.of(call),
        verdict=PlattSettings.of(verdict),
        techniques=techniques,
        negatives=negatives,
        open_calls=open_calls,
        cautious=_cautious(examples, real, negatives),
        technique_at=at,
    )
    return _with_span_thresholds(found, examples, raw, real)


def _calibrate_call(
    examples: Sequence[Example], raw: RawScores, real: NDArray[np.bool_]
) -> tuple[Platt, dict[str, list[float]]]:
    labels = np.array([example.call == "call" for example in examples])
    known = real & np.array([example.call is not None for example in examples])
    natural = known & np.array([not example.enriched for example in examples])
    languages = [example.lang for example in examples]
    fitted = natural if len(np.unique(labels[natural])) == 2 else known
    platt = _fit(raw.call, labels, fitted, languages, _LEAST_CALLS)
    p_call = platt(raw.call, languages)
    negatives: dict[str, list[float]] = {POOLED: []}
    for language in sorted(set(languages)):
        of_language = ~labels & np.array([code == language for code in languages])
        # Posts sampled for appeal words are harder than traffic: they count only where there are no others.
        rows = of_language & natural if (of_language & natural).any() else of_language & known
        if rows.any():
            negatives[language] = sorted(round(float(p), 6) for p in p_call[rows])
            negatives[POOLED] += negatives[language]
    return platt, {language: sorted(scores) for language, scores in negatives.items()}


def _cautious(
    examples: Sequence[Example], real: NDArray[np.bool_], negatives: dict[str, list[float]]
) -> tuple[str, ...]:
    """Languages with negatives of their own but fewer real calls than an intercept of their own would need."""
    calls = Counter(e.lang for e, use in zip(examples, real, strict=True) if use and e.call == "call")
    return tuple(language for language in sorted(negatives) if language != POOLED and calls[language] < _LEAST_CALLS)


def _calibrate_verdict(
    examples: Sequence[Example], raw: RawScores, real: NDArray[np.bool_]
) -> tuple[Platt, list[float]]:
    """Slope from all calls, intercept from real ones: manipulation is half as frequent there as in written posts."""
    labels = np.array([example.manipulative is True for example in examples])
    known = np.array([example.manipulative is not None for example in examples])
    groups = ["real" if is_real else "written" for is_real in real]
    platt = _fit(raw.manipulative, labels, known, groups, 3)
    platt = Platt(platt.slope, {POOLED: platt.intercepts.get("real", platt.intercepts[POOLED])})
    probabilities = platt(raw.manipulative)
    open_calls = sorted(round(float(p), 6) for p in probabilities[known & real & ~labels])
    return platt, open_calls


def _calibrate_techniques(
    examples: Sequence[Example], raw: RawScores, real: NDArray[np.bool_]
) -> tuple[tuple[PlattSettings, ...], tuple[float, ...]]:
    fitted, thresholds = [], []
    for column, name in enumerate(TECHNIQUES):
        given = [example.has(name) for example in examples]
        known, labels = real & np.array([label is not None for label in given]), np.array([bool(x) for x in given])
        platt = _fit(raw.techniques[:, column], labels, known, None, 1)
        fitted.append(PlattSettings.of(platt))
        at, _ = best_f1_threshold(labels[known], platt(raw.techniques[:, column])[known])
        thresholds.append(round(float(at), 6) if np.isfinite(at) else 0.5)
    return tuple(fitted), tuple(thresholds)


def _fit(
    logits: Floats, labels: NDArray[np.bool_], rows: NDArray[np.bool_], groups: Sequence[str] | None, least: int
) -> Platt:
    if len(np.unique(labels[rows])) < 2:
        return Platt(1.0, {POOLED: 0.0})
    own = None if groups is None else [group for group, row in zip(groups, rows, strict=True) if row]
    return fit_platt(logits[rows], labels[rows], own, least_positive=least, least_negative=5 * least)


def _with_span_thresholds(
    calibration: Calibration, examples: Sequence[Example], raw: RawScores, real: NDArray[np.bool_]
) -> Calibration:
    """Thresholds of spans with the best F1 over code points on posts whose marked words are known."""
    rows = [i for i, example in enumerate(examples) if real[i] and example.spans and example.known_techniques is None]
    if not rows:
        return calibration
    posts = dict(enumerate(describe([example.text for example in examples], raw, calibration)))

    def found(at: float, grow_at: float) -> Callable[[int], list[tuple[int, int]]]:
        def of(i: int) -> list[tuple[int, int]]:
            post = posts[i]
            spans = find_spans(
                examples[i].text, raw.tokens[i], post.p_techniques, post.techniques, at=at, grow_at=grow_at
            )
            return [(span.start, span.end) for span in spans]

        return of

    grid = [(at, round(at * share, 3)) for at in _SPAN_GRID for share in (0.5, 0.75, 1.0)]
    marked = [examples[i] for i in rows]
    best = max(grid, key=lambda pair: span_f1(span_counts(marked, [found(*pair)(i) for i in rows])))
    return calibration.model_copy(update={"span_at": best[0], "span_grow_at": best[1]})
