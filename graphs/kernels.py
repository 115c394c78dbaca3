"""Loops compiled to machine code by numba, with their types kept for the type checker."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

__all__ = ["kernel"]

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Return the function compiled at its first call; the machine code is kept on disk for the next process."""
    return cast(_Function, numba.njit(function, cache=True))
