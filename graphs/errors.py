"""Errors of this package: one base class, each error also a built-in kind."""

__all__ = ["ConvergenceError", "GraphsError", "InputError"]


class GraphsError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(GraphsError, ValueError):
    """A table, a row or an option cannot be used; the message names it and says what to do."""


class ConvergenceError(GraphsError, RuntimeError):
    """An iteration did not reach its tolerance."""
