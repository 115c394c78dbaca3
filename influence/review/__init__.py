"""Review: what people decided about posts, kept append-only."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influence.review.store import Decision, ReviewStore

_WHERE = {"Decision": "store", "ReviewStore": "store"}

__all__ = ["Decision", "ReviewStore"]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
