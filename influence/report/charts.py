"""Charts as pictures inside the page: Altair describes them, vl-convert draws them, no browser and no script needed.

Each is drawn twice, for wide and for narrow screens, since a picture that only shrinks becomes unreadable. Colours are
those of the light scheme; the style sheet replaces them by attribute in the dark one. Shape tells the kinds apart too.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple
from xml.etree import ElementTree

from markupsafe import Markup

from influence.report.catalogue import Catalogue
from influence.report.safe import shorten

__all__ = ["Bar", "Drawn", "interval_chart"]

INK, MUTED, GRID = "#1d2733", "#5b6673", "#d9dee3"
COLOURS = {"leader": "#b04a0c", "media": "#1f5f99"}
SHAPES = {"leader": "circle", "media": "square"}
_OTHER_COLOUR, _OTHER_SHAPE = "#5f6b52", "diamond"
_ROOM_FOR_NAMES = 70
_SHORTEST_NAME = 10
_REACH_BEYOND = 20
"""How far the axis follows intervals beyond the smallest and the largest value; what goes on is cut at an arrow."""
_SVG = "http://www.w3.org/2000/svg"
_KEPT = frozenset(
    {"x", "x1", "x2", "y", "y1", "y2", "d", "r", "cx", "cy", "width", "height", "viewBox", "transform", "opacity"}
    | {"fill", "fill-opacity", "stroke", "stroke-width", "stroke-dasharray", "stroke-linecap", "stroke-opacity"}
    | {"text-anchor", "font-size", "font-weight"}
)


@dataclass(frozen=True)
class Bar:
    """One row of a chart: a value with its interval. `kind` gives sign and colour, `text` stands beside it.

    Without a value only the range is drawn, without an end the range goes to the value. `suffix` belongs to the name.
    """

    name: str
    kind: str
    value: float | None
    low: float | None
    high: float | None
    text: str
    suffix: str = ""


class Drawn(NamedTuple):
    """The wide and the narrow picture, and whether an interval goes on beyond them."""

    wide: Markup
    narrow: Markup
    cut: bool


@dataclass(frozen=True)
class _Layout:
    """Sizes in units of the picture; `stacked` puts name and value above the interval, for narrow screens.

    `columns` is how many letters have room in a line: a name, or a name and a value where they share it.
    """

    left: int
    plot: int
    right: int
    step: int
    font: float
    columns: int
    stacked: bool

    @property
    def width(self) -> int:
        return self.left + self.plot + self.right


WIDE = _Layout(left=248, plot=372, right=220, step=30, font=13.5, columns=27, stacked=False)
NARROW = _Layout(left=6, plot=332, right=6, step=46, font=13, columns=41, stacked=True)


def interval_chart(
    bars: Sequence[Bar],
    cat: Catalogue,
    *,
    axis: str,
    label: str,
    rules: Sequence[tuple[float, str]] = (),
) -> Drawn:
    """Return the wide and the narrow picture of values with their intervals on a logarithmic axis.

    Parameters
    ----------
    bars
        At least one, in the order in which they are to stand.
    axis, label
        The title of the axis, and what a screen reader says of the picture.
    rules
        Values to which a vertical line is drawn, each with its short name.
    """
    domain = _domain(bars, [value for value, _ in rules])
    drawings = (_Drawing(bars, layout, domain, cat.numbers.short, axis, rules) for layout in (_roomy(bars), NARROW))
    wide, narrow = (drawing.svg() for drawing in drawings)
    cut = any(end is not None and not domain[0] <= end <= domain[1] for bar in bars for end in (bar.low, bar.high))
    return Drawn(_inert(wide, label, "wide"), _inert(narrow, label, "narrow"), cut)


def _roomy(bars: Sequence[Bar]) -> _Layout:
    """Return the wide layout, its plot narrowed by as much as the longest value (millions, with both ends) needs."""
    letters = max((len(bar.text) for bar in bars), default=0)
    more = min(WIDE.plot // 2, max(0, math.ceil(letters * WIDE.font * 0.58) + 24 - WIDE.right))
    return replace(WIDE, plot=WIDE.plot - more, right=WIDE.right + more)


def _domain(bars: Sequence[Bar], further: Sequence[float]) -> tuple[float, float]:
    """Return the ends of the axis: all values, their intervals as far as they leave the values readable, some room."""
    known = [value for bar in bars for value in (bar.low, bar.value, bar.high) if value is not None]
    points = [bar.value for bar in bars if bar.value is not None] or known
    points = [point for point in (*points, *further) if 0 < point < math.inf] or [1.0, 10.0]
    least, most = min(points) / _REACH_BEYOND, max(points) * _REACH_BEYOND
    ends = [*points, *(end for end in known if least <= end <= most)]
    ends += [least] * any(end < least for end in known) + [most] * any(end > most for end in known)
    low, high = min(ends), max(ends)
    # Over less than a doubling a logarithmic axis has no ticks worth reading.
    room = 1.6 if high < 2 * low else 1.12 if high < 30 * low else 1.25
    return low / room, high * room


def _ticks(low: float, high: float, most: int) -> list[float]:
    """Return round values on a logarithmic axis: powers of ten, and between them where there is room."""
    found: list[float] = []
    for steps in ((1, 1.5, 2, 3, 4, 5, 6, 8), (1, 2, 5), (1, 3), (1,)):
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        found = [value for power in powers for step in steps if low <= (value := step * 10.0**power) <= high]
        if len(found) <= most:
            break
    return found[:: max(1, math.ceil(len(found) / most))]


@dataclass(frozen=True)
class _Drawing:
    """One picture: positions across are values, positions down are units of the picture."""

    bars: Sequence[Bar]
    layout: _Layout
    domain: tuple[float, float]
    write: Callable[[float], str]
    axis: str
    rules: Sequence[tuple[float, str]]

    @property
    def height(self) -> int:
        return len(self.bars) * self.layout.step

    def svg(self) -> str:
        import altair as alt
        import vl_convert
        from altair.utils.schemapi import debug_mode

        # Altair checks every node against the grammar, which takes longer than drawing; what is drawn here is fixed.
        with debug_mode(False):
            layers = [*self.grid(alt), *self.lines(alt), *self.intervals(alt), self.words(alt)]
            chart = alt.layer(*layers).properties(
                width=self.layout.plot,
                height=self.height,
                autosize="none",
                padding={
                    "left": self.layout.left,
                    "right": self.layout.right,
                    "top": 26 if self.rules else 8,
                    "bottom": 46,
                },
            )
            spec = chart.configure_view(stroke=None).to_dict(validate=False)
        return str(vl_convert.vegalite_to_svg(json.dumps(spec)))

    def across(self, alt: Any, field: str) -> Any:
        scale = alt.Scale(type="log", domain=list(self.domain), nice=False)
        return alt.X(field, scale=scale, axis=None)

    @staticmethod
    def down(alt: Any, field: str = "y:Q") -> Any:
        return alt.Y(field, axis=None, scale=None)

    def grid(self, alt: Any) -> list[Any]:
        ticks = _ticks(*self.domain, most=4 if self.layout.stacked else 7)
        rows = [{"x": tick, "top": 0, "bottom": self.height, "t": self.write(tick)} for tick in ticks]
        base = alt.Chart(alt.Data(values=rows)).encode(x=self.across(alt, "x:Q"))
        numbers = base.mark_text(color=MUTED, fontSize=self.layout.font - 1, baseline="top", dy=5)
        return [
            base.mark_rule(color=GRID, strokeWidth=1).encode(y=self.down(alt, "top:Q"), y2=alt.Y2("bottom")),
            numbers.encode(y=self.down(alt, "bottom:Q"), text=alt.Text("t:N")),
        ]

    def lines(self, alt: Any) -> list[Any]:
        if not self.rules:
            return []
        rows = [{"x": value, "t": name, "top": 0} for value, name in self.rules]
        base = alt.Chart(alt.Data(values=rows)).encode(x=self.across(alt, "x:Q"))
        layers = [base.mark_rule(color=MUTED, strokeWidth=1.25, strokeDash=[4, 3])]
        for row, align in zip(rows, self.aligned([value for value, _ in self.rules]), strict=True):
            names = alt.Chart(alt.Data(values=[row])).mark_text(
                color=MUTED,
                fontSize=12,
                baseline="bottom",
                dy=-6,
                align=align,
                dx={"right": 3, "left": -3}.get(align, 0),
            )
            at = {"x": self.across(alt, "x:Q"), "y": self.down(alt, "top:Q")}
            layers.append(names.encode(**at, text=alt.Text("t:N")))
        return layers

    def aligned(self, values: Sequence[float]) -> list[str]:
        """Return how the names of the rules are set: away from each other where they would meet."""
        low, high = self.domain
        places = [self.layout.plot * math.log(value / low) / math.log(high / low) for value in values]
        if len(places) == 2 and places[1] - places[0] < _ROOM_FOR_NAMES:
            return ["right", "left"]
        return ["center"] * len(places)

    def intervals(self, alt: Any) -> list[Any]:
        layout, rows = self.layout, [self.row(index, bar) for index, bar in enumerate(self.bars)]
        colour = alt.Color("colour:N", scale=None, legend=None)
        base = alt.Chart(alt.Data(values=rows)).encode(y=self.down(alt))
        known = alt.Chart(alt.Data(values=[row for row in rows if row["value"] is not None])).encode(y=self.down(alt))
        ends = {"x": self.across(alt, "low:Q"), "x2": alt.X2("high"), "color": colour}
        sign = {
            "x": self.across(alt, "value:Q"),
            "color": colour,
            "shape": alt.Shape("shape:N", scale=None, legend=None),
        }
        style = {"color": INK, "fontSize": layout.font, "baseline": "middle"}
        if layout.stacked:
            style["dy"] = -layout.step * 0.36
        at = (0, "left", layout.plot, "right") if layout.stacked else (-14, "right", layout.plot + 14, "left")
        cut = alt.Chart(alt.Data(values=[arrow for row in rows for arrow in self.arrows(row)])).encode(y=self.down(alt))
        arrow = {**sign, "x": self.across(alt, "x:Q")}
        return [
            base.mark_rule(strokeWidth=2.5, strokeCap="round", opacity=0.75).encode(**ends),
            cut.mark_point(filled=True, size=70, opacity=0.75).encode(**arrow),
            known.mark_point(filled=True, size=95, opacity=1).encode(**sign),
            base.mark_text(align=at[1], **style).encode(x=alt.value(at[0]), text=alt.Text("name:N")),
            base.mark_text(align=at[3], **style).encode(x=alt.value(at[2]), text=alt.Text("text:N")),
        ]

    def row(self, index: int, bar: Bar) -> dict[str, Any]:
        """Return a bar as a datum; what lies beyond the axis, such as zero, stands at its end."""
        step = self.layout.step
        return {
            "y": index * step + step * (0.68 if self.layout.stacked else 0.5),
            "value": self.placed(bar.value),
            "low": self.placed(bar.value if bar.low is None else bar.low),
            "high": self.placed(bar.value if bar.high is None else bar.high),
            "cut": (
                bar.low is not None and bar.low < self.domain[0],
                bar.high is not None and bar.high > self.domain[1],
            ),
            "name": self.name(bar),
            "text": bar.text,
            "colour": COLOURS.get(bar.kind, _OTHER_COLOUR),
            "shape": SHAPES.get(bar.kind, _OTHER_SHAPE),
        }

    def name(self, bar: Bar) -> str:
        """Return the name as far as there is room for it; what tells it from another of the same name stays whole."""
        room = self.layout.columns - (len(bar.text) if self.layout.stacked else 0)
        return shorten(bar.name, max(room - len(bar.suffix), _SHORTEST_NAME)) + bar.suffix

    def arrows(self, row: dict[str, Any]) -> list[dict[str, Any]]:
        """Return a sign for each end of an interval that goes on beyond the axis."""
        ends = zip(row["cut"], self.domain, ("triangle-left", "triangle-right"), strict=True)
        return [{"x": x, "y": row["y"], "colour": row["colour"], "shape": shape} for cut, x, shape in ends if cut]

    def placed(self, value: float | None) -> float | None:
        return None if value is None else min(max(value, self.domain[0]), self.domain[1])

    def words(self, alt: Any) -> Any:
        mark = alt.Chart(alt.Data(values=[{"t": self.axis}])).mark_text(
            fontSize=self.layout.font - 1, color=MUTED, baseline="alphabetic"
        )
        at = {"x": alt.value(self.layout.plot / 2), "y": alt.value(self.height + 38)}
        return mark.encode(**at, text=alt.Text("t:N"))


def _inert(svg: str, label: str, style: str) -> Markup:
    """Return the picture with shapes and words only: no reference, no handler, no style of its own, one label."""
    for prefix, uri in (("", _SVG), ("xlink", "http://www.w3.org/1999/xlink")):
        ElementTree.register_namespace(prefix, uri)
    root = ElementTree.fromstring(svg)
    _strip(root)
    for page in [child for child in root if child.tag == f"{{{_SVG}}}rect"]:  # the white page behind the picture
        root.remove(page)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.set("class", f"chart {style}")
    root.set("role", "img")
    root.set("aria-label", label)
    text = ElementTree.tostring(root, encoding="unicode")
    return Markup(re.sub(r' xmlns:xlink="[^"]*"', "", text))


def _strip(element: ElementTree.Element) -> bool:
    """Drop what draws nothing, attributes and elements alike; say whether anything is left to draw."""
    element.tag = element.tag if element.tag.startswith("{") else f"{{{_SVG}}}{element.tag}"
    for name in [name for name in element.attrib if name not in _KEPT]:
        del element.attrib[name]
    for child in list(element):
        if not _strip(child):
            element.remove(child)
    tag = element.tag.rpartition("}")[2]
    if tag in ("svg", "g"):
        return bool(len(element)) or tag == "svg"
    if tag == "text":
        return bool(element.text)
    return tag in ("line", "rect", "circle") or (
        tag == "path" and bool(element.get("d")) and element.get("d") != "M0,0h0v0h0Z"
    )
