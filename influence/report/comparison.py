"""The comparison of two kinds of actors as the report reads it: ratios with what the data say of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from influence.report.context import Context, number_or_none
from influence.report.figures import Family, Figure
from influence.report.material import KINDS_OF_REACH
from influence.report.safe import clean

__all__ = ["Comparison", "Ratio", "Sides", "comparison_family", "counted_members", "find_row", "read_comparison"]

HEADLINE_ORDER = ("exposed", "potential", "engaged", "simulated")
"""The order in which a headline is looked for: what people were likely shown comes first."""

MAX_PAIR_ROWS, MAX_PAIR_COLUMNS = 12, 6
_ENOUGH_MEMBERS = 2 / 3
_TOO_WIDE = 10_000


@dataclass(frozen=True)
class Sides:
    """The two kinds of actors that were compared."""

    a: str
    b: str

    def names(self, together: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return what the groups may be called in the result: a typical member, or all of a kind."""
        if not together:
            return (self.a,), (self.b,)
        return (f"all_{self.a}s", f"all_{self.a}"), (f"all_{self.b}", f"all_{self.b}s")


@dataclass(frozen=True)
class Ratio:
    """The ratio of two groups for one kind of reach: of typical members, or of all together.

    `coverage` is the share of the members of both groups that have a figure of this kind; `counts` are those of the
    first and of the second that have one, and how many of both have none (None where the result does not say).
    """

    kind: str
    together: bool
    a: str
    b: str
    value: float | None
    low: float | None
    high: float | None
    estimator: str
    members: str
    coverage: float
    reason: str | None
    figure: Figure | None = None
    counts: tuple[int, int, int] | None = None

    @property
    def verdict(self) -> str:
        """What the data say: `more`, `less`, `open`, `too_wide`, `only_low`, `only_high`, `no_interval`, `missing`."""
        if self.value is None and self.low is None and self.high is None:
            return "missing"
        if self.low is not None and self.low > 1:
            return "more" if self.high is not None else "only_low"
        if self.high is not None and self.high < 1:
            return "less" if self.low is not None else "only_high"
        if self.low is None or self.high is None:
            return "no_interval"
        return "too_wide" if self.high > _TOO_WIDE * self.low else "open"

    @property
    def tens(self) -> str | None:
        """Whether it is ten times or more: `tens_yes`, `tens_no`, `tens_open`; None where the first reaches less."""
        if self.verdict in ("less", "only_high", "missing"):
            return None
        if self.low is not None and self.low >= 10:
            return "tens_yes"
        if self.high is not None and self.high < 10:
            return "tens_no"
        return None if self.verdict == "no_interval" else "tens_open"


@dataclass(frozen=True)
class Comparison:
    """The rows of the comparison: ratios of the groups, all measures of the groups, ratios of single actors."""

    sides: Sides
    ratios: list[Ratio]
    groups: list[dict[str, Any]]
    pairs: list[dict[str, Any]]

    @property
    def headline(self) -> Ratio | None:
        """The typical ratio that the summary opens with: of a kind of reach with an interval, known of most members."""
        found = [ratio for ratio in self.ratios if not ratio.together and ratio.figure is not None]
        order = {kind: place for place, kind in enumerate(HEADLINE_ORDER)}
        found.sort(
            key=lambda ratio: (
                ratio.low is None or ratio.high is None,
                ratio.coverage < _ENOUGH_MEMBERS,
                order.get(ratio.kind, 9),
            )
        )
        return found[0] if found else None


def sides_of(ctx: Context) -> Sides:
    """Return the two kinds that were compared."""
    kinds = ctx.material.params("compare").get("kinds")
    if isinstance(kinds, Sequence) and not isinstance(kinds, str) and len(kinds) == 2:
        return Sides(str(kinds[0]), str(kinds[1]))
    return Sides("leader", "media")


def read_comparison(ctx: Context) -> Comparison | None:
    """Read the comparison and give each of its group ratios a number; None if it was not made."""
    table = ctx.material.rows("compare")
    if table is None:
        return None
    sides = sides_of(ctx)
    groups = sorted({name for together in (False, True) for names in sides.names(together) for name in names})
    of_groups = table.filter(table.a.isin(groups) & (table.b.isin(groups) | table.b.isnull() | (table.b == "")))
    rows = ctx.material.fetch(of_groups)
    pairs = table.filter((table.measure == "ratio") & table.a.contains(":") & table.b.contains(":"))
    return Comparison(sides, _ratios(ctx, rows, sides), rows, _largest_pairs(ctx, pairs))


def find_row(
    rows: Sequence[Mapping[str, Any]], measure: str, kind: str, a: Sequence[str], b: Sequence[str | None]
) -> Mapping[str, Any] | None:
    """Return the row of a measure for one kind of reach and two groups; an empty `b` is None."""
    for row in rows:
        if row["measure"] == measure and row["kind_of_reach"] == kind and row["a"] in a and (row["b"] or None) in b:
            return row
    return None


def _ratios(ctx: Context, rows: list[dict[str, Any]], sides: Sides) -> list[Ratio]:
    found = []
    for kind in KINDS_OF_REACH:
        for together in (False, True):
            row = find_row(rows, "ratio", kind, *sides.names(together))
            if row is not None:
                found.append(_ratio(ctx, row, together, sides))
    return found


def _ratio(ctx: Context, row: Mapping[str, Any], together: bool, sides: Sides) -> Ratio:
    value, low, high = (number_or_none(row[name]) for name in ("value", "low", "high"))
    ratio = Ratio(
        kind=row["kind_of_reach"],
        together=together,
        a=row["a"],
        b=row["b"],
        value=value,
        low=low,
        high=high,
        estimator=clean(row["estimator"] or ""),
        members=counted_members(ctx, row, sides),
        coverage=_coverage(row),
        reason=row.get("reason_missing"),
        counts=_counts(row),
    )
    written = ctx.written(
        value, low, high, ctx.numbers.ratio, exact=(ctx.numbers.ratio, ctx.cat.plain("common.of_counts"))
    )
    if written is None:
        return ratio
    counts = [number_or_none(row.get(name)) for name in ("n_a", "n_b")]
    figure = ctx.register.add(
        comparison_family(ctx, "ratio", ratio.kind),
        compared(ctx, ratio.a, ratio.b),
        value,
        low,
        high,
        n=None if None in counts else int(sum(count for count in counts if count is not None)),
        n_of=ratio.members,
        unit=ctx.cat.plain("comparison.unit_ratio"),
        estimator=ratio.estimator,
        shown=written.value,
        shown_interval=written.interval,
    )
    return replace(ratio, figure=figure)


def _coverage(row: Mapping[str, Any]) -> float:
    counts = [number_or_none(row.get(name)) or 0.0 for name in ("n_a", "n_b", "left_out")]
    return (counts[0] + counts[1]) / sum(counts) if sum(counts) else 1.0


def _counts(row: Mapping[str, Any]) -> tuple[int, int, int] | None:
    first, second, left_out = (number_or_none(row.get(name)) for name in ("n_a", "n_b", "left_out"))
    return None if first is None or second is None else (int(first), int(second), int(left_out or 0))


def compared(ctx: Context, a: str, b: str) -> str:
    """Return two groups as the quotient they form, as in `Typical leader ÷ typical outlet`."""
    names = [ctx.cat.name("groups_short", group) for group in (a, b)]
    return f"{names[0][:1].upper()}{names[0][1:]} ÷ {names[1]}"


def counted_members(ctx: Context, row: Mapping[str, Any], sides: Sides) -> str:
    """Return how many members a figure rests on, as in `5 leaders, 4 outlets`, and how many had no figure."""
    kinds = []
    for group, n in ((row["a"], row.get("n_a")), (row["b"], row.get("n_b"))):
        count = number_or_none(n)
        kind = next((kind for kind in (sides.a, sides.b) if group in (kind, f"all_{kind}", f"all_{kind}s")), None)
        if group and count is not None and kind is not None:
            kinds.append(ctx.cat.counted(kind, count))
    left_out = number_or_none(row.get("left_out"))
    if kinds and left_out:
        kinds.append(ctx.cat.plain("comparison.without", n=ctx.numbers.count(left_out)))
    return ", ".join(kinds)


def comparison_family(ctx: Context, measure: str, kind: str) -> Family:
    """Return the family of a measure of the comparison for one kind of reach."""
    cat = ctx.cat
    of = cat.name("reach_of", kind)
    title = cat.plain("figures.family_ratio", measure=cat.name("measures", measure), kind=of)
    definition = f"{cat.name('measure_definitions', measure)} {cat.name('reach_definitions', kind)}"
    name = ctx.interval_name(None, ctx.confidence("compare"))
    interval = cat.plain("figures.interval_estimated", interval_name=name)
    tables = ("actors", "posts", "interactions", "audiences", "overlaps")
    return ctx.family(f"compare:{measure}:{kind}", title, definition, step="compare", interval=interval, tables=tables)


def _largest_pairs(ctx: Context, pairs: Any) -> list[dict[str, Any]]:
    """Return the pairs of one kind of reach: the one with most ratios, of the actors with the largest reach in it."""
    import ibis

    counted = pairs.group_by("kind_of_reach").agg(n=pairs.value.count())
    counts = {row["kind_of_reach"]: row["n"] for row in ctx.material.fetch(counted)}
    known = [kind for kind in HEADLINE_ORDER if counts.get(kind)]
    if not known:
        return []
    kind = max(known, key=lambda name: (counts[name], -HEADLINE_ORDER.index(name)))
    chosen = pairs.filter(pairs.kind_of_reach == kind)
    # An actor without any ratio of this kind would be a column of nothing.
    chosen = chosen.filter(chosen.value.notnull() | chosen.low.notnull() | chosen.high.notnull())
    # A ratio grows with its first and falls with its second: the mean ratio orders both sides by reach.
    means = {side: chosen.group_by(side).agg(size=chosen.value.mean()) for side in ("a", "b")}
    down = [ibis.desc("size", nulls_first=False), "a"]
    a = [row["a"] for row in ctx.material.fetch(means["a"].order_by(down).limit(MAX_PAIR_ROWS))]
    b = [row["b"] for row in ctx.material.fetch(means["b"].order_by(["size", "b"]).limit(MAX_PAIR_COLUMNS))]
    rows = ctx.material.fetch(chosen.filter(chosen.a.isin(a) & chosen.b.isin(b)))
    return sorted(rows, key=lambda row: (a.index(row["a"]), b.index(row["b"])))
