"""One pass of AdaGrad over sparse counts, compiled: a multinomial logistic regression in seconds on one core."""

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

__all__ = ["one_epoch"]

_NEGLIGIBLE = 1e-4
_Function = TypeVar("_Function", bound=Callable[..., None])


def _compiled(function: _Function) -> _Function:
    return cast(_Function, numba.njit(nogil=True)(function))


@_compiled
def one_epoch(
    bounds: npt.NDArray[np.int32],
    columns: npt.NDArray[np.int32],
    counts: npt.NDArray[np.float32],
    classes: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    order: npt.NDArray[np.int64],
    rate: float,
    shrink: float,
    table: npt.NDArray[np.float32],
    squares: npt.NDArray[np.float32],
) -> None:
    """Update `table` and its sums of squared gradients in place, one row of the CSR matrix at a time, in `order`.

    `table`, `squares`: (columns, classes). `shrink` pulls the weights of the columns that a row has towards 0.
    """
    likely = np.zeros(table.shape[1])
    for row in order:
        likely[:] = 0.0
        for j in range(bounds[row], bounds[row + 1]):
            for c in range(len(likely)):
                likely[c] += counts[j] * table[columns[j], c]
        likely = np.exp(likely - likely.max())
        likely /= likely.sum()
        for c in range(len(likely)):
            slope = weights[row] * (likely[c] - (1.0 if c == classes[row] else 0.0))
            if abs(slope) >= _NEGLIGIBLE:
                for j in range(bounds[row], bounds[row + 1]):
                    gradient = slope * counts[j] + shrink * table[columns[j], c]
                    squares[columns[j], c] += gradient * gradient
                    table[columns[j], c] -= rate * gradient / np.sqrt(squares[columns[j], c])
