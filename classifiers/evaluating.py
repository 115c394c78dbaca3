"""Evaluate a model on labelled posts that it never saw."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.errors import InputError
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.report import Report
from classifiers.evaluation.robustness import robustness
from classifiers.evaluation.run import BASELINE, evaluate_scores
from classifiers.examples import Example
from classifiers.labelled import LabelledPosts, read_labelled, without_copies

if TYPE_CHECKING:
    from classifiers.prediction import Classifier

#: Called with what is being done, how many posts are done, and of how many.
Progress = Callable[[str, int, int | None], None]


def evaluate(
    data: str | Path | LabelledPosts,
    model: "str | Path | Classifier | None" = None,
    *,
    config: str | Path | None = None,
    baseline: str | Path | None = None,
    max_fpr: float = 0.05,
    samples: int = 1000,
    seed: int = 0,
    robustness_posts: int = 400,
    show_texts: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Evaluate a model on labelled posts that it was not trained on.

    Parameters
    ----------
    data
        A JSONL file of labelled posts, a folder of them, or with `config` the folder that its sources lie in.
    model
        A model folder or an open model; None is the shipped one.
    config
        A training configuration: only the posts that it holds out are evaluated on.
    baseline
        Labelled posts that a lexical baseline is fitted on, for the same tables; with `config` the folder of its
        sources, of which those that are not held out are taken. Copies of evaluated posts are left out.
    robustness_posts
        Posts that are written otherwise and labelled again; 0 leaves that out.
    show_texts
        Whether all texts may stand among the mistakes, whatever their licence.

    Raises
    ------
    InputError
        If the data, the model or an option cannot be used.
    """
    from classifiers.loading import load
    from classifiers.prediction import Classifier

    posts = data if isinstance(data, LabelledPosts) else read_labelled(data, config)
    trained_on = None if baseline is None else _baseline_posts(baseline, config, posts)
    classifier = model if isinstance(model, Classifier) else load(model)
    texts, languages = [e.text for e in posts.examples], [None if e.lang == "und" else e.lang for e in posts.examples]
    counted = _counted(progress, "labelling", len(texts))
    # No score depends on the words of a call, and evaluation is quicker without them.
    labels = classifier.predict(texts, languages, max_fpr=max_fpr, call_words=False, progress=counted)
    predictions = [Predictions.of_labels(classifier.name, labels)]
    if trained_on is not None:
        from classifiers.training.baseline import baseline_scores

        _say(progress, "fitting the baseline")
        predictions.append(Predictions(BASELINE, baseline_scores(trained_on, posts.examples)))
    _say(progress, "scoring")
    report = evaluate_scores(
        posts.examples,
        predictions,
        max_fpr=max_fpr,
        samples=samples,
        seed=seed,
        kinds=posts.kinds,
        topics=posts.topics,
        may_show=[True] * len(texts) if show_texts else posts.may_show,
    )
    if robustness_posts:
        counted = _counted(progress, "the same posts written otherwise", None)
        report.robustness = robustness(
            posts.examples,
            lambda others: classifier.predict(others, max_fpr=max_fpr, call_words=False, progress=counted),
            limit=robustness_posts,
            samples=samples,
            seed=seed,
        )
    return report


def _baseline_posts(baseline: str | Path, config: str | Path | None, posts: LabelledPosts) -> list[Example]:
    found = read_labelled(baseline, config)
    train = without_copies(found.train if config is not None else found.examples, posts.examples)
    if not train:
        raise InputError(f"{baseline}: no post is left for the baseline; all are evaluated on. Give other posts.")
    return train


def _say(progress: Progress | None, label: str) -> None:
    if progress is not None:
        progress(label, 0, None)


def _counted(progress: Progress | None, label: str, total: int | None) -> Callable[[int], None] | None:
    if progress is None:
        return None
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        progress(label, done, total)

    return count
