"""What stands in a terminal: tables that fit its width, and bars for long work.

In a pipe there are neither colours nor bars, and nothing is cut off, unless a command asks for a width there too.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress
from rich.table import Table
from rich.text import Text

from influence.progress import silent

if TYPE_CHECKING:
    from rich.progress import TaskID

    from influence.progress import Progress

__all__ = ["PAGE", "Column", "Grid", "bars", "clean", "print_grid", "print_lines"]

PAGE = 80
"""The width of what is read more than worked on, in a pipe."""
_GAP = 2
_PIPE_WIDTH = 10_000
_SECONDS_BETWEEN_UPDATES = 0.05


@dataclass(frozen=True)
class Column:
    """How a column of a grid is set; its header may have several lines.

    `least` is the width (cells) to which it may be cut or wrapped when the terminal is narrow, None: never.
    Where that is not enough, columns with the highest `drop` are left out; 0: never. A cell that is cut loses its end,
    with `keep_end` its beginning (a path's end says more).
    """

    header: str
    right: bool = False
    least: int | None = None
    drop: int = 0
    wrap: bool = False
    keep_end: bool = False
    styles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Grid:
    """Cells as they are to be read, a title above and notes below them."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    title: str = ""
    notes: Sequence[str] = ()


def clean(text: str) -> str:
    """Return a text as one line that cannot steer a terminal: control and direction characters become spaces."""
    plain = "".join(" " if unicodedata.category(letter) in ("Cc", "Zl", "Zp") else letter for letter in text)
    return " ".join("".join(letter for letter in plain if not _turns_text(letter)).split())


def _turns_text(letter: str) -> bool:
    return "\u202a" <= letter <= "\u202e" or "\u2066" <= letter <= "\u2069"


def print_grid(grid: Grid, *, file: TextIO | None = None, pipe_width: int | None = None) -> None:
    """Print a grid: in a terminal as wide as that is, elsewhere `pipe_width`, None: as wide as its cells are."""
    stream = file or sys.stdout
    console = Console(file=stream, highlight=False, emoji=False, markup=False)
    if console.is_terminal:
        _draw_within(grid, console)
        return
    with _plainly(stream, pipe_width) as plain:
        if pipe_width is not None:
            _draw_within(grid, plain)
            return
        everything = list(range(len(grid.columns)))
        _draw(grid, everything, _widths(grid, everything, None), plain)
        _draw_notes(grid.notes, plain)


def print_lines(lines: Sequence[str], *, file: TextIO | None = None, pipe_width: int | None = None) -> None:
    """Print lines of text, wrapped at words in a terminal or to `pipe_width`; an indented line keeps its indent."""
    stream = file or sys.stdout
    console = Console(file=stream, highlight=False, emoji=False, markup=False)
    if console.is_terminal:
        _draw_lines(lines, console)
    elif pipe_width is None:
        stream.writelines(f"{line.rstrip()}\n" for line in lines)
    else:
        with _plainly(stream, pipe_width) as plain:
            _draw_lines(lines, plain)


@contextlib.contextmanager
def _plainly(stream: TextIO, width: int | None) -> Iterator[Console]:
    """Give a console without colours; what it drew goes to the stream without the blanks that columns end with."""
    drawn = io.StringIO()
    yield Console(file=drawn, highlight=False, emoji=False, markup=False, color_system=None, width=width or _PIPE_WIDTH)
    stream.writelines(f"{line.rstrip()}\n" for line in drawn.getvalue().splitlines())


def _draw_within(grid: Grid, console: Console) -> None:
    kept, dropped = _fitting(grid, console.width)
    _draw(grid, kept, _widths(grid, kept, console.width), console)
    _draw_notes([*grid.notes, *_left_out(grid, dropped if grid.rows else [])], console)


def _draw_lines(lines: Sequence[str], console: Console) -> None:
    from rich.padding import Padding

    for line in lines:
        console.print(Padding(Text(line.strip()), (0, 0, 0, len(line) - len(line.lstrip()))))


def _left_out(grid: Grid, dropped: list[int]) -> list[str]:
    if not dropped:
        return []
    return [f"Not shown for lack of width: {', '.join(clean(grid.columns[i].header) for i in dropped)}."]


def _draw(grid: Grid, kept: list[int], widths: dict[int, int], console: Console) -> None:
    if grid.title:
        console.print(Text(grid.title, style="bold"))
    if grid.rows:
        console.print(_table(grid, kept, widths), crop=False)


def _draw_notes(notes: Sequence[str], console: Console) -> None:
    for note in notes:
        console.print(Text(note, style="dim"))


def _table(grid: Grid, kept: list[int], widths: dict[int, int]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, _GAP - 1, 0, 0))
    for i in kept:
        column = grid.columns[i]
        table.add_column(
            Text(column.header),
            justify="right" if column.right else "left",
            width=widths[i],
            no_wrap=not column.wrap,
            overflow="fold" if column.wrap else "ellipsis",
        )
    for row in grid.rows:
        table.add_row(
            *(Text(_cut(row[i], grid.columns[i], widths[i]), grid.columns[i].styles.get(row[i], "")) for i in kept)
        )
    return table


def _cut(text: str, column: Column, width: int) -> str:
    if not column.keep_end or cell_len(text) <= width:
        return text
    while cell_len(text) > width - 1:
        text = text[1:]
    return f"…{text}"


def _natural(grid: Grid, i: int) -> int:
    return max([_header(grid, i), *(cell_len(row[i]) for row in grid.rows)])


def _least(grid: Grid, i: int) -> int:
    natural, least = _natural(grid, i), grid.columns[i].least
    return natural if least is None else min(natural, max(least, _header(grid, i)))


def _header(grid: Grid, i: int) -> int:
    return max(cell_len(line) for line in grid.columns[i].header.split("\n"))


def _fitting(grid: Grid, width: int) -> tuple[list[int], list[int]]:
    """Return which columns are shown in a terminal of this width, and which are left out."""
    kept = list(range(len(grid.columns)))
    while sum(_least(grid, i) for i in kept) + _GAP * (len(kept) - 1) > width:
        candidates = [i for i in kept if grid.columns[i].drop]
        if not candidates:
            break
        kept.remove(max(candidates, key=lambda i: (grid.columns[i].drop, i)))
    return kept, [i for i in range(len(grid.columns)) if i not in kept]


def _widths(grid: Grid, kept: list[int], width: int | None) -> dict[int, int]:
    """Return the width of each column: natural where there is room, else the widest are narrowed first."""
    widths = {i: _natural(grid, i) for i in kept}
    if width is None:
        return widths
    room = width - _GAP * (len(kept) - 1)
    while sum(widths.values()) > room:
        # Where even the least widths do not fit, all are cut: a line must never run over the terminal's end.
        wide = [i for i in kept if widths[i] > _least(grid, i)] or [i for i in kept if widths[i] > 1]
        if not wide:
            break
        widths[max(wide, key=lambda i: widths[i])] -= 1
    return widths


@contextlib.contextmanager
def bars(stream: TextIO | None = None) -> Iterator[Progress]:
    """Give a Progress that draws bars on the error stream while that is a terminal, and says nothing otherwise."""
    console = Console(file=stream or sys.stderr, highlight=False, emoji=False)
    if not console.is_terminal or console.is_dumb_terminal:
        yield silent
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=None),
        _Count(),
        TimeRemainingColumn(compact=True, elapsed_when_finished=True),
    )
    with RichProgress(*columns, console=console, transient=True, expand=console.width < 80) as progress:
        yield _Bar(progress)


class _Count(ProgressColumn):
    """How much is done, of how much where that is known; nothing while nothing was counted."""

    def render(self, task: Task) -> Text:
        done = int(task.completed)
        if task.total is not None:
            return Text(f"{done:,}/{int(task.total):,}", style="progress.download")
        return Text(f"{done:,}" if done else "", style="progress.download")


class _Bar:
    """One bar, that of the work now under way."""

    def __init__(self, progress: RichProgress) -> None:
        self._progress = progress
        self._label: str | None = None
        self._task: TaskID | None = None
        self._shown = 0.0

    def __call__(self, label: str, done: int, total: int | None) -> None:
        if label != self._label:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(clean(label)[:40], total=total)
            self._label, self._shown = label, 0.0
        now = time.monotonic()
        # A reader may report every row: drawing must not cost more than reading.
        if self._task is not None and (done == total or now - self._shown >= _SECONDS_BETWEEN_UPDATES):
            self._progress.update(self._task, completed=done, total=total)
            self._shown = now
