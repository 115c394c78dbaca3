"""The register of figures: each number that the report prints can be cited, and says where it comes from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Family", "Figure", "Register"]


@dataclass(frozen=True)
class Family:
    """Figures that share a definition, an origin and the command that makes them."""

    key: str
    title: str
    definition: str
    interval: str
    window: str
    sources: tuple[str, ...]
    command: str


@dataclass(frozen=True)
class Figure:
    """One figure. `low` and `high` are the ends of its interval, None where it has none; `n` is what it rests on.

    `value` is None where the data give a range and no point in it.
    """

    number: str
    family: Family
    what: str
    value: float | None
    low: float | None
    high: float | None
    n: int | None
    n_of: str
    unit: str
    estimator: str
    shown: str
    shown_interval: str
    sources: tuple[str, ...]
    extra: Mapping[str, float | None] = field(default_factory=dict)

    def record(self) -> dict[str, Any]:
        """Return the figure for `figures.json`; JSON knows no infinity, so an open end is null with `open_ended`."""
        return {
            "what": self.what,
            "value": _finite(self.value),
            "low": _finite(self.low),
            "high": _finite(self.high),
            "open_ended": any(end is not None and math.isinf(end) for end in (self.low, self.high)),
            "n": self.n,
            "n_of": self.n_of.replace("\u00a0", " "),
            "unit": self.unit,
            "definition": self.family.definition,
            "estimator": self.estimator,
            "interval": self.family.interval,
            "window": self.family.window,
            "sources": list(self.sources),
            "command": self.family.command,
            **{name: _finite(value) for name, value in self.extra.items()},
        }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


@dataclass
class Register:
    """Numbers figures in the order in which the report first shows them."""

    figures: list[Figure] = field(default_factory=list)

    def add(
        self,
        family: Family,
        what: str,
        value: float | None,
        low: float | None = None,
        high: float | None = None,
        *,
        n: int | None = None,
        n_of: str = "",
        unit: str = "",
        estimator: str = "",
        shown: str,
        shown_interval: str = "",
        sources: Sequence[str] | None = None,
        extra: Mapping[str, float | None] | None = None,
    ) -> Figure:
        """Give a figure the next number and keep it. `extra` are numbers that belong to it, for `figures.json`."""
        figure = Figure(
            f"R-{len(self.figures) + 1:03d}",
            family,
            what,
            value,
            low,
            high,
            n,
            n_of,
            unit,
            estimator,
            shown,
            shown_interval,
            tuple(family.sources if sources is None else sources),
            dict(extra or {}),
        )
        self.figures.append(figure)
        return figure

    def by_family(self) -> list[tuple[Family, list[Figure]]]:
        """Return the figures of each family, families in the order of their first figure."""
        grouped: dict[str, tuple[Family, list[Figure]]] = {}
        for figure in self.figures:
            grouped.setdefault(figure.family.key, (figure.family, []))[1].append(figure)
        return list(grouped.values())
