"""What every section needs: the material, the texts, the register of figures, and how figures are written."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup, escape

from influence.report.blocks import Block, Cell, Prose, Section
from influence.report.catalogue import Catalogue
from influence.report.figures import Family, Figure, Register
from influence.report.material import Actor, Material, named_sources
from influence.report.numbers import Numbers
from influence.report.safe import clean, name_markup

__all__ = ["Context", "Footnotes", "Written", "is_point", "number_or_none"]

_NAMED_SOURCES = 4
_RANGES = (
    "union:",
    "audience:",
    "circulation",
    "follower_list",
    "Fréchet",
    "inclusion-exclusion",
    "Sainsbury",
    "assumed_view_rate",
)
"""Estimators whose ends are what the data allow, and not a sampling interval."""


def number_or_none(value: object) -> float | None:
    """Return a number of a result table; what is null or no number is None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return None if value != value else float(value)


def is_point(value: float | None, low: float | None, high: float | None) -> bool:
    """Say whether a figure is one number without any spread."""
    if value is None or low is None or high is None:
        return False
    return math.isclose(value, low, rel_tol=1e-6) and math.isclose(value, high, rel_tol=1e-6)


@dataclass(frozen=True)
class Written:
    """A figure as it is printed: its value and, apart, its interval."""

    value: str
    interval: str


@dataclass
class Footnotes:
    """Letters for the reasons why cells are empty; the same reason has the same letter."""

    reasons: dict[str, str] = field(default_factory=dict)

    def letter(self, reason: str) -> str:
        """Return the letter of a reason."""
        if reason not in self.reasons:
            index, letters = len(self.reasons), ""
            while True:
                letters = chr(ord("a") + index % 26) + letters
                index = index // 26 - 1
                if index < 0:
                    break
            self.reasons[reason] = letters
        return self.reasons[reason]

    def listed(self) -> list[tuple[str, str]]:
        """Return (letter, reason) in the order of the letters."""
        return [(letter, reason) for reason, letter in self.reasons.items()]


@dataclass
class Context:
    """The material, the texts and the register, with the ways in which figures are written."""

    material: Material
    cat: Catalogue
    register: Register = field(default_factory=Register)

    @property
    def numbers(self) -> Numbers:
        """How numbers are written."""
        return self.cat.numbers

    # -- who and from where -----------------------------------------------------------------------------------------

    def actor(self, actor_id: str) -> Actor:
        """Return who an id is, its name cleaned of what could hide something."""
        actor = self.material.actor(actor_id)
        return Actor(actor.actor_id, clean(actor.name) or clean(actor_id), actor.kind, actor.platform)

    def name(self, actor_id: str) -> Markup:
        """Return the name of an actor for a sentence or a cell."""
        return name_markup(self.actor(actor_id).name)

    def labels(self, actor_ids: Iterable[str]) -> dict[str, str]:
        """Return names that tell these actors apart: where two bear one name, with the platform, then with the id."""
        ids = list(dict.fromkeys(actor_ids))
        self.material.know(ids)
        labels = {actor_id: self.actor(actor_id).name for actor_id in ids}
        for addition in (lambda actor_id: self.platform(self.actor(actor_id).platform), clean):
            bearers = Counter(labels.values())
            for actor_id in [actor_id for actor_id in ids if bearers[labels[actor_id]] > 1]:
                more = addition(actor_id)
                labels[actor_id] += f" · {more}" if more else ""
        return labels

    def platform(self, name: str | None) -> str:
        """Return the name of a platform."""
        return "" if name is None else self.cat.name("platforms", clean(name))

    def sources(self, tables: Sequence[str]) -> tuple[str, ...]:
        """Return the names of the files whose rows went into these tables, the first few and how many more."""
        records = self.material.imports
        named = [
            name
            for record, name in zip(records, named_sources(records), strict=True)
            if not record.parts or any(record.parts.get(table) for table in tables)
        ]
        shown = [clean(name) for name in dict.fromkeys(named)]
        if len(shown) <= _NAMED_SOURCES:
            return tuple(shown)
        rest = self.cat.plain("lists.more", shown=", ".join(shown[:_NAMED_SOURCES]), n=len(shown) - _NAMED_SOURCES)
        return (rest,)

    def interval_name(self, estimator: str | None, confidence: float = 0.95) -> str:
        """Return what a range is: a sampling interval, or the bounds that the data allow."""
        if any(part.startswith(_RANGES) for part in (estimator or "").split(" against ")):
            return self.cat.plain("common.range")
        return self.cat.plain("common.interval", percent=self.numbers.percent(confidence))

    def confidence(self, step: str) -> float:
        """Return the confidence of a step's intervals."""
        return number_or_none(self.material.params(step).get("confidence")) or 0.95

    def family(
        self, key: str, title: str, definition: str, *, step: str, interval: str, tables: Sequence[str]
    ) -> Family:
        """Return the family of figures that one step makes."""
        window = self.material.window(step) or self.cat.plain("methods.all_times")
        if step == "classify":  # labels know no window; the report counts those of posts in the study's
            window = self.window()
        return Family(key, title, definition, interval, window, self.sources(tables), self.material.command(step))

    def window(self) -> str:
        """Return the study's window as text."""
        settings = self.material.study.settings.window
        return str(settings) if settings.start or settings.end else self.cat.plain("methods.all_times")

    def estimator(self, name: str | None) -> Markup:
        """Return the name of an estimator, or of several joined, in words."""
        text = clean(name or "")
        for key, words in self.cat.names("estimators").items():
            text = re.sub(rf"\b{re.escape(key)}\b", words, text)
        return escape(text)

    # -- how figures are written ------------------------------------------------------------------------------------

    def written(
        self,
        value: float | None,
        low: float | None,
        high: float | None,
        write: Callable[[float], str],
        *,
        exact: tuple[Callable[[float], str], str] | None = None,
    ) -> Written | None:
        """Return a value and its interval as text; None where not even one end is known.

        Without a point the range itself is the value; with one end only, the other is said to be open. `exact` says how
        to write a figure whose interval is one point, and what to say in place of the interval.
        """
        words = self.cat.plain
        if value is None and low is None and high is None:
            return None
        if exact is not None and is_point(value, low, high):
            return Written(exact[0](value or 0.0), exact[1])
        if low is not None and high is not None:
            both = self.numbers.interval(low, high, write)
            return Written(both if value is None else write(value), "" if value is None else both)
        half = ""
        if low is not None:
            half = words("common.at_least", low=write(low))
        if high is not None:
            half = words("common.at_most", high=write(high))
        return Written(half, "") if value is None else Written(write(value), half or words("common.no_interval"))

    def figure_cell(
        self, written: Written | None, figure: Figure | None, notes: Footnotes, reason: str | None, *, tag: str = ""
    ) -> Cell:
        """Return the cell of a figure, or, where there is none, one that says why."""
        if written is None or figure is None:
            letter = notes.letter(clean(reason or "") or self.cat.plain("common.no_reason"))
            return Cell(self.cat.plain("common.not_known"), footnote=letter, missing=True)
        letter = notes.letter(clean(reason)) if reason else ""
        return Cell(written.value, small=written.interval, figure=figure, footnote=letter, tag=tag)

    # -- sections ---------------------------------------------------------------------------------------------------

    def section(self, key: str) -> Section:
        """Return an empty section."""
        return Section(key, self.cat.plain(f"sections.{key}"))

    def not_made(self, key: str, step: str) -> Section:
        """Return a section that says which command makes it."""
        from influence.pipeline import command_of

        section = self.section(key)
        section.command = command_of(step)
        return section

    def opening(self, step: str, intro: Markup) -> list[Block]:
        """Return the head of a section: its introduction, its window if it has its own, and whether it is old."""
        blocks: list[Block] = [Prose(intro)]
        window = self.material.window(step)
        if window is not None and window != str(self.material.study.settings.window):
            blocks.append(Prose(self.cat("common.window", window=window), style="note"))
        if self.material.stale(step):
            blocks.append(Prose(self.cat("common.stale", command=code("influence run")), style="warning"))
        return blocks

    def all_rows(self, table: str) -> Markup:
        """Return the note on how to get all rows of a table."""
        return self.cat("common.all_rows", command=code(f"influence show {table} --csv {table}.csv"))

    def posts_known(self) -> dict[str, Any]:
        """Return the counts that sentences on the data need."""
        facts, cat = self.material.facts, self.cat
        period = ""
        if facts.first and facts.last:
            first, last = (self.numbers.date(time.date()) for time in (facts.first, facts.last))
            period = cat.plain("summary.data_period", first=first, last=last)
        return {
            "posts": cat.counted("post", facts.posts),
            "accounts": cat.counted("account", facts.authors),
            "platforms": cat.counted("platform", len(facts.platforms)),
            "period": period,
        }


def code(command: str) -> Markup:
    """Return a command for a sentence."""
    return Markup("<code>{}</code>").format(command)
