"""The result table of a comparison: its schema, and one row of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from graphs.figures import Figure

__all__ = ["BY_PLATFORM_SCHEMA", "COMPARISON_SCHEMA", "MEASURES", "Count", "group_name", "row"]

MEASURES = (
    "ratio", "difference", "union", "incremental", "exclusive", "duplication", "duplication_share",
    "leaders_to_match", "two_step_share",
)  # fmt: skip

COMPARISON_SCHEMA = pa.schema(
    [
        pa.field("measure", pa.string(), nullable=False),
        pa.field("kind_of_reach", pa.string(), nullable=False),
        pa.field("a", pa.string(), nullable=False),
        pa.field("b", pa.string(), nullable=False),
        pa.field("value", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("estimator", pa.string()),
        pa.field("n_a", pa.int64(), nullable=False),
        pa.field("n_b", pa.int64(), nullable=False),
        pa.field("left_out", pa.int64(), nullable=False),
        pa.field("basis", pa.string()),
        pa.field("reason_missing", pa.string()),
    ]
)

BY_PLATFORM_SCHEMA = pa.schema([pa.field("platform", pa.string(), nullable=False), *COMPARISON_SCHEMA])


@dataclass(frozen=True)
class Count:
    """Members with a figure on each side, and members without one."""

    a: int
    b: int
    left_out: int = 0


def group_name(kind: str) -> str:
    """Return what the whole of a kind is called: `all_leaders`, `all_media`, `all_party`, ..."""
    return "all_leaders" if kind == "leader" else f"all_{kind}"


def row(measure: str, kind: str, a: str, b: str, figure: Figure, count: Count) -> dict[str, Any]:
    """Return one row of the table; a figure that lacks a number says why."""
    complete = None not in (figure.value, figure.low, figure.high)
    figure = replace(figure, reason=None if complete else figure.reason or "no figure")
    return {
        "measure": measure,
        "kind_of_reach": kind,
        "a": a,
        "b": b,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "estimator": figure.estimator,
        "n_a": count.a,
        "n_b": count.b,
        "left_out": count.left_out,
        "basis": figure.basis,
        "reason_missing": figure.reason,
    }
