"""Training: labelled files in, a calibrated and scored model folder out."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from classifiers.training.config import TrainingConfig, read_config
    from classifiers.training.run import Trained, train

_WHERE = {"TrainingConfig": "config", "read_config": "config", "Trained": "run", "train": "run"}

__all__ = ["Trained", "TrainingConfig", "read_config", "train"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
