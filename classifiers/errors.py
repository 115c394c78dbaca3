"""Errors of the package: one base class, each error also a built-in kind."""


class ClassifiersError(Exception):
    """Base of every error that this package raises on purpose."""


class InputError(ClassifiersError, ValueError):
    """What the caller gave cannot be used; the message names the file, the row, the value and the remedy."""
