"""Scores of models on labelled posts: tables with intervals, errors by subgroup, robustness, calibration, mistakes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifiers.evaluation.frame import Row
    from classifiers.evaluation.minimum import Minimum, parse_minimum
    from classifiers.evaluation.predictions import Predictions
    from classifiers.evaluation.report import Report
    from classifiers.evaluation.run import evaluate_scores

_WHERE = {
    "Minimum": "minimum",
    "Predictions": "predictions",
    "Report": "report",
    "Row": "frame",
    "evaluate_scores": "run",
    "parse_minimum": "minimum",
}

__all__ = [
    "Minimum",
    "Predictions",
    "Report",
    "Row",
    "evaluate_scores",
    "parse_minimum",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
