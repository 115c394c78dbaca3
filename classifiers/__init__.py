"""Is this post a call, and is the call open or manipulative? Labels with probabilities and verbatim evidence.

>>> import classifiers
>>> labels = classifiers.load().predict(["Приходите в субботу на субботник, перчатки дадим."])  # doctest: +SKIP

Importing the package loads no neural network library; `load` does.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifiers.errors import ClassifiersError, InputError
    from classifiers.evaluating import evaluate
    from classifiers.evaluation.run import evaluate_scores
    from classifiers.language import LANGUAGES, detect_languages
    from classifiers.loading import load
    from classifiers.prediction import Classifier
    from classifiers.schema import LABEL_SCHEMA
    from classifiers.scheme import CALL_TYPES, CALLS, LABELS, TECHNIQUES, derive_label

_WHERE = {
    "CALLS": "scheme",
    "CALL_TYPES": "scheme",
    "LABELS": "scheme",
    "TECHNIQUES": "scheme",
    "derive_label": "scheme",
    "LABEL_SCHEMA": "schema",
    "LANGUAGES": "language",
    "detect_languages": "language",
    "Classifier": "prediction",
    "ClassifiersError": "errors",
    "InputError": "errors",
    "evaluate": "evaluating",
    "evaluate_scores": "evaluation.run",
    "load": "loading",
}

__all__ = [
    "CALLS",
    "CALL_TYPES",
    "LABELS",
    "LABEL_SCHEMA",
    "LANGUAGES",
    "TECHNIQUES",
    "Classifier",
    "ClassifiersError",
    "InputError",
    "derive_label",
    "detect_languages",
    "evaluate",
    "evaluate_scores",
    "load",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
