"""How long work says how far it is: a plain callable, so that functions know nothing of terminals."""

from typing import Protocol

__all__ = ["Progress", "silent"]


class Progress(Protocol):
    """Called with what is being done, how much of it is done, and of how much (None: not known)."""

    def __call__(self, label: str, done: int, total: int | None) -> None: ...


def silent(label: str, done: int, total: int | None) -> None:
    """Say nothing: for pipes, tests and libraries."""
