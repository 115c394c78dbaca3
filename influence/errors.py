"""Every error that the product raises on purpose: one clear line, an exit code, no traceback.

Each is also a built-in kind, so that library users can catch `ValueError` or `RuntimeError` as they are used to.
`graphs` and `classifiers` have bases of their own, since they know nothing of this package; `exit_code` maps all.
"""

__all__ = ["CheckFailed", "InfluenceError", "InputError", "StudyError", "SystemFailure", "exit_code"]


class InfluenceError(Exception):
    """Base of all errors raised on purpose."""

    exit_code = 3


class CheckFailed(InfluenceError):
    """A check that the user asked for did not hold (`doctor`, `evaluate --min`)."""

    exit_code = 1


class InputError(InfluenceError, ValueError):
    """Something that the user gave cannot be used: a file, a row, an option."""

    exit_code = 2


class StudyError(InputError):
    """The folder is no study, is of a newer version, or does not hold what was asked for."""


class SystemFailure(InfluenceError, RuntimeError):
    """The engine or the machine failed: no space, no permission, a broken installation."""

    exit_code = 3


_OTHER_BASES = {"graphs": "GraphsError", "classifiers": "ClassifiersError"}


def exit_code(error: BaseException) -> int | None:
    """Return the exit code of an error raised on purpose by any of the three packages, None for any other error."""
    if isinstance(error, InfluenceError):
        return error.exit_code
    for base in type(error).__mro__:
        if _OTHER_BASES.get(base.__module__.partition(".")[0]) == base.__name__:
            return 2 if isinstance(error, ValueError) else 3
    return None
