"""Figures: a value with its range, what it rests on, and why something is missing.

`Figure` is one of them; `Figures` holds one per actor, in columns, because a study may have millions of actors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["KINDS_OF_REACH", "REACH_SCHEMA", "Figure", "Figures", "because", "missing", "text_where"]

KINDS_OF_REACH = ("potential", "exposed", "engaged", "simulated")

REACH_SCHEMA = pa.schema(
    [
        pa.field("actor_id", pa.string(), nullable=False),
        pa.field("kind_of_reach", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("estimator", pa.string()),
        pa.field("n_observed", pa.int64(), nullable=False),
        pa.field("reason_missing", pa.string()),
        pa.field("basis", pa.string()),
    ]
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
TextArray = npt.NDArray[np.object_]


@dataclass(frozen=True)
class Figure:
    """One figure.

    `value`, `low` and `high` are in people or accounts (or a ratio of them); None where nothing can be said.
    `bounds` is true where low and high are what the data logically allow (or a lower bound), false where they are a
    sampling interval or an exact count: the two kinds of range are combined by different rules.
    `reason` is set whenever one of the three numbers is None.
    """

    value: float | None
    low: float | None
    high: float | None
    estimator: str | None
    basis: str | None = None
    n: int = 0
    bounds: bool = False
    reason: str | None = None

    @property
    def empty(self) -> bool:
        """True if not even one end of the range is known."""
        return self.value is None and self.low is None and self.high is None

    @property
    def exact(self) -> bool:
        """True if the range is one point."""
        return self.value is not None and self.value == self.low == self.high


def missing(reason: str, *, basis: str | None = None) -> Figure:
    """Return a figure without numbers."""
    return Figure(None, None, None, None, basis=basis, reason=reason)


def because(reasons: Iterable[str | None]) -> str | None:
    """Return the different reasons in one line, or None if there are none."""
    single = (part for reason in reasons if reason for part in reason.split("; "))
    return "; ".join(dict.fromkeys(single)) or None


def text_where(chosen: npt.NDArray[np.bool_], text: str) -> TextArray:
    """Return an array with `text` where `chosen` is true, else None."""
    result = np.full(len(chosen), None, object)
    result[chosen] = text
    return result


@dataclass
class Figures:
    """One kind of reach of many actors: column arrays aligned with `ids` (sorted, distinct); NaN stands for null."""

    ids: pa.Array
    kind_of_reach: str
    reason_missing: str
    value: FloatArray = field(init=False)
    low: FloatArray = field(init=False)
    high: FloatArray = field(init=False)
    n: IntArray = field(init=False)
    estimator: TextArray = field(init=False)
    basis: TextArray = field(init=False)
    reason: TextArray = field(init=False)

    def __post_init__(self) -> None:
        size = len(self.ids)
        self.value, self.low, self.high = (np.full(size, np.nan) for _ in range(3))
        self.n = np.zeros(size, np.int64)
        self.estimator, self.basis = (np.full(size, None, object) for _ in range(2))
        self.reason = np.full(size, self.reason_missing, object)

    def positions(self, ids: pa.Array | pa.ChunkedArray) -> tuple[IntArray, npt.NDArray[np.bool_]]:
        """Return the places of `ids` among our ids, and which of the given ids we have at all."""
        found = pc.index_in(ids, value_set=self.ids)
        if isinstance(found, pa.ChunkedArray):
            found = found.combine_chunks()
        known = np.asarray(found.is_valid())
        return np.asarray(found.filter(found.is_valid()), dtype=np.int64), known

    def put(
        self,
        at: IntArray,
        value: FloatArray,
        low: FloatArray,
        high: FloatArray,
        n: IntArray,
        *,
        estimator: Any,
        basis: str,
        reason: Any = None,
    ) -> None:
        """Write many figures; `estimator` and `reason` are one text or an array of them."""
        self.value[at], self.low[at], self.high[at], self.n[at] = value, low, high, n
        self.estimator[at], self.basis[at], self.reason[at] = estimator, basis, reason

    def figure(self, at: int) -> Figure:
        """Return the figure at one place."""
        value, low, high = (None if np.isnan(x[at]) else float(x[at]) for x in (self.value, self.low, self.high))
        return Figure(
            value, low, high, self.estimator[at], basis=self.basis[at], n=int(self.n[at]), reason=self.reason[at]
        )

    def set_figure(self, at: int, figure: Figure) -> None:
        """Write one figure."""
        for column, number in ((self.value, figure.value), (self.low, figure.low), (self.high, figure.high)):
            column[at] = np.nan if number is None else number
        self.n[at], self.estimator[at] = figure.n, figure.estimator
        self.basis[at], self.reason[at] = figure.basis, figure.reason

    def to_arrow(self) -> pa.Table:
        """Return the figures as rows of `REACH_SCHEMA`, in the order of `ids`."""
        numbers = [pa.array(x, pa.float64(), mask=~np.isfinite(x)) for x in (self.value, self.low, self.high)]
        kind = pa.array([self.kind_of_reach], pa.string()).take(pa.array(np.zeros(len(self.ids), np.int64)))
        texts = [pa.array(x, pa.string()) for x in (self.estimator, self.reason, self.basis)]
        columns = [self.ids, kind, *numbers, texts[0], pa.array(self.n), texts[1], texts[2]]
        return pa.Table.from_arrays(columns, schema=REACH_SCHEMA)
