"""Which posts an engine with rounded arithmetic cannot decide: an exact one reads these again."""

from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import POOLED, Floats
from classifiers.engines import Rounding
from classifiers.inference import RawScores
from classifiers.settings import Calibration, PlattSettings

#: A post is undecided within so many times the engine's rounding of a threshold: of 1,300 posts, fewer than one in a
#: hundred is moved farther than that.
BAND = 3.0


def undecided(
    raw: RawScores,
    languages: Sequence[Collection[str]],
    *,
    calibration: Calibration,
    rounding: Rounding,
    max_fpr: float,
) -> NDArray[np.intp]:
    """Numbers of the texts whose label might be another one without the engine's rounding, ascending.

    Parameters
    ----------
    raw
        Scores of N texts from the engine that rounds.
    languages
        The languages that each text is labelled in; thresholds differ by language.
    calibration
        Calibration and thresholds of the model.
    rounding
        Root mean square of the engine's error in log odds.
    max_fpr
        The rate that call thresholds are read for, in (0, 1).

    Notes
    -----
    A text is undecided if its log odds of a call lie within `BAND` times the rounding of the threshold of a call, or of
    that below which there is none. Above these, where the verdict counts, it is undecided as well if its log odds of
    manipulation lie so near a threshold, and whenever it would be labelled manipulative: a post that is held against
    somebody is read exactly, with its evidence.
    """
    call_band, verdict_band = BAND * rounding.call, BAND * rounding.manipulative
    call, verdict = raw.call, raw.manipulative
    near = np.zeros(len(call), dtype=bool)
    is_call = np.zeros(len(call), dtype=bool)
    of_language: dict[str, list[int]] = {}
    for i, names in enumerate(languages):
        for name in names:
            of_language.setdefault(name, []).append(i)
    for name, rows in of_language.items():
        unsure_at, call_at = (_log_odds(calibration.call, p, name) for p in calibration.call_thresholds(name, max_fpr))
        near[rows] |= _within(call[rows], unsure_at, call_band) | _within(call[rows], call_at, call_band)
        is_call[rows] |= call[rows] >= call_at - call_band
    manipulative_at = _log_odds(calibration.verdict, calibration.manipulative_at(max_fpr))
    open_below = _log_odds(calibration.verdict, min(calibration.positive_below, calibration.manipulative_at(max_fpr)))
    matters = _within(verdict, open_below, verdict_band) | (verdict >= manipulative_at - verdict_band)
    return np.flatnonzero(near | (is_call & matters))


def _within(values: Floats, at: float, band: float) -> NDArray[np.bool_]:
    """Whether values lie near a place; nothing lies near infinity."""
    return np.abs(values - at) <= band if np.isfinite(at) else np.zeros(len(values), dtype=bool)


def _log_odds(settings: PlattSettings, p: float, group: str = POOLED) -> float:
    """The log odds that a calibration takes to the probability `p`."""
    if p <= 0 or p >= 1:
        return -np.inf if p <= 0 else np.inf
    intercept = settings.intercepts.get(group, settings.intercepts[POOLED])
    return float((np.log(p / (1 - p)) - intercept) / settings.slope)
