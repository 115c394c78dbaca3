"""Score what any model said of labelled posts."""

from collections.abc import Sequence

import numpy as np

from classifiers.errors import InputError
from classifiers.evaluation.curves import reliability, risk_coverage
from classifiers.evaluation.frame import Frame
from classifiers.evaluation.mistakes import typical_mistakes
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.rates import false_calls
from classifiers.evaluation.report import Report
from classifiers.evaluation.scores import score_rows
from classifiers.examples import Example

BASELINE = "TF-IDF"


def evaluate_scores(
    examples: Sequence[Example],
    predictions: Sequence[Predictions],
    *,
    max_fpr: float = 0.05,
    samples: int = 1000,
    seed: int = 0,
    kinds: bool = True,
    topics: Sequence[str | None] | None = None,
    may_show: Sequence[bool] | None = None,
) -> Report:
    """Score what models said of labelled posts: cross-validated scores, labels of a file, anything.

    Parameters
    ----------
    examples
        N labelled posts; what is None in one was not asked and enters no measure.
    predictions
        What each model said of them, in the same order. The first one is the model that mistakes are shown of.
    max_fpr
        The false-positive rate at which recall is read, and against which realised rates are held.
    samples, seed
        Bootstrap samples behind each interval, and their seed; posts of a group (a pair) are drawn together.
    kinds
        Whether `real` and `enriched` of the examples are known; all posts are one set otherwise.
    topics
        The topic of each post, for rates by topic.
    may_show
        Of which posts the text may stand among the mistakes; None: of none.

    Raises
    ------
    InputError
        If there is no post, `max_fpr` or `samples` is out of range, or predictions do not fit the posts.
    """
    if not examples:
        raise InputError("no labelled post to evaluate on. Give at least one with its labels.")
    if not 0 < max_fpr < 1:
        raise InputError(f"max_fpr must lie between 0 and 1, got {max_fpr!r}.")
    if samples < 1:
        raise InputError(f"samples must be at least 1, got {samples!r}.")
    frame = Frame(examples, kinds=kinds, samples=samples, seed=seed)
    report = Report(max_fpr=max_fpr, samples=samples, posts=len(frame.examples), model=predictions[0].model)
    for given in predictions:
        given.check(len(frame.examples))
        report.scores += score_rows(frame, given, max_fpr=max_fpr)
        report.reliability += reliability(frame, given)
        report.risk_coverage += risk_coverage(frame, given)
        if given.labels is not None:
            called = np.array([call == "call" for call in given.labels["call"].to_pylist()], dtype=bool)
            report.false_calls += false_calls(frame, given.model, called, max_fpr=max_fpr, topics=topics)
    report.mistakes = typical_mistakes(frame, predictions[0], may_show=may_show)
    return report
