"""What a report is made of, before it becomes HTML: another format takes the same blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

from influence.report.figures import Figure

__all__ = [
    "Account",
    "Accounts",
    "Block",
    "Bullets",
    "Card",
    "Cards",
    "Cell",
    "Chart",
    "DataTable",
    "Definitions",
    "Post",
    "Posts",
    "Prose",
    "ReachOf",
    "Section",
]


class Block:
    """One part of a section; `macro` is the template's macro that draws it."""

    macro: ClassVar[str]


@dataclass(frozen=True)
class Prose(Block):
    """A paragraph; `style` is `body`, `note` or `warning`, `heading` stands above it."""

    macro: ClassVar[str] = "prose"
    text: Markup
    style: str = "body"
    heading: str | None = None


@dataclass(frozen=True)
class Bullets(Block):
    """A list of sentences."""

    macro: ClassVar[str] = "bullets"
    items: Sequence[Markup]
    heading: str | None = None


@dataclass(frozen=True)
class Card:
    """A headline figure: its value in large type, its interval, what it rests on and what it says."""

    label: str
    value: str
    interval: str
    basis: str
    verdict: str
    figure: Figure | None


@dataclass(frozen=True)
class Cards(Block):
    """Headline figures side by side."""

    macro: ClassVar[str] = "cards"
    items: Sequence[Card]


@dataclass(frozen=True)
class Cell:
    """A cell: its text, a second and a third smaller line, the figure it shows, the letter of a footnote."""

    text: Markup | str
    small: str = ""
    figure: Figure | None = None
    footnote: str = ""
    missing: bool = False
    tag: str = ""
    basis: str = ""


@dataclass(frozen=True)
class DataTable(Block):
    """A table: the first cell of a row names it; columns in `numeric` are set flush right.

    Where `stacked`, a row's cells stand below each other on a narrow screen, each with its column's name.
    """

    macro: ClassVar[str] = "table"
    caption: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    numeric: Sequence[int] = ()
    footnotes: Sequence[tuple[str, str]] = ()
    note: Markup | None = None
    total: Sequence[Cell] | None = None
    stacked: bool = False


@dataclass(frozen=True)
class Chart(Block):
    """A chart as two pictures of the same data, one for wide and one for narrow screens.

    `legend` has (kind, name) of each sign in it.
    """

    macro: ClassVar[str] = "chart"
    title: str
    description: str
    wide: Markup
    narrow: Markup
    legend: Sequence[tuple[str, str]] = ()
    notes: Sequence[Markup] = ()


@dataclass(frozen=True)
class Post:
    """A post as evidence: who, where and when, its words with the evidence marked, its address as plain text."""

    author: Markup
    meta: str
    text: Markup
    label: str
    label_name: str
    certainty: str
    lang: str | None
    address: str | None
    post_id: str
    warning: str | None = None


@dataclass(frozen=True)
class Posts(Block):
    """Posts under a heading."""

    macro: ClassVar[str] = "posts"
    heading: str
    items: Sequence[Post]
    note: Markup | None = None


@dataclass(frozen=True)
class ReachOf:
    """The reach of an account that is proposed for review: value, interval, kind of reach, its figure."""

    value: str
    interval: str = ""
    kind: str = ""
    figure: Figure | None = None


@dataclass(frozen=True)
class Account:
    """An account that is proposed for review; `coordination` and `review` are a value and its detail."""

    name: Markup
    meta: str
    rate: str
    interval: str
    counts: str
    rate_figure: Figure
    reach: ReachOf
    reasons: Sequence[Markup]
    against: Sequence[Markup]
    evidence: Sequence[Post]
    coordination: tuple[str, str]
    review: tuple[str, str]
    corrected: str | None = None
    not_shown: Markup | None = None


@dataclass(frozen=True)
class Accounts(Block):
    """Accounts that are proposed for review."""

    macro: ClassVar[str] = "accounts"
    items: Sequence[Account]


@dataclass(frozen=True)
class Definitions(Block):
    """Terms and what they mean here."""

    macro: ClassVar[str] = "definitions"
    items: Sequence[tuple[str, Markup]]


@dataclass
class Section:
    """One section; `command` is what makes it, where it has not been made yet."""

    key: str
    title: str
    blocks: list[Block] = field(default_factory=list)
    command: str | None = None
