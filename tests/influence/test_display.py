"""Tables fit the terminal, and pipes get everything, plainly."""

from __future__ import annotations

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from influence.display import Column, Grid, bars, clean, print_grid, print_lines
from influence.progress import silent


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    return Terminal()


def _lines(text: str) -> list[str]:
    return [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line).rstrip() for line in text.splitlines()]


GRID = Grid(
    [
        Column("who", least=10),
        Column("kind", drop=1),
        Column("potential", right=True),
        Column("exposed", right=True),
        Column("reasons", least=12, drop=2),
    ],
    [
        ["Aқпарат 24 – жаңалықтар арнасы", "media", "12.3k (11.9–12.7k)", "3,400 (2,900–4,100)", "a long reason " * 4],
        ["Айгүл", "leader", "– [1]", "120 (99–150)", ""],
    ],
    title="Reach",
    notes=["[1] no follower lists and no follower counts"],
)


@pytest.mark.parametrize("width", [60, 80, 120, 200])
def test_a_table_is_never_wider_than_the_terminal(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    print_grid(GRID, file=terminal)
    lines = _lines(terminal.getvalue())
    assert max(cell_len(line) for line in lines) <= width
    body = "\n".join(lines)
    assert "12.3k (11.9–12.7k)" in body, "figures are never cut"
    assert "3,400 (2,900–4,100)" in body
    assert "Not shown" in body or width > 60


def test_a_pipe_gets_every_cell_whole_and_no_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    pipe = io.StringIO()
    print_grid(GRID, file=pipe)
    text = pipe.getvalue()
    assert "\x1b" not in text
    for row in GRID.rows:
        assert all(cell.strip() in text for cell in row)
    assert not any(line != line.rstrip() for line in text.splitlines()), "no blanks at the ends of lines"


@given(st.text())
def test_clean_text_is_one_printable_line_and_cleaning_is_idempotent(text: str) -> None:
    plain = clean(text)
    assert "\n" not in plain
    assert "\x1b" not in plain
    assert not set(plain) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
    assert clean(plain) == plain


@given(st.text(alphabet=st.characters(categories=["L", "N", "P"]), min_size=1))
def test_clean_keeps_letters_digits_and_punctuation(text: str) -> None:
    assert clean(text) == text


def test_lines_are_wrapped_under_their_indent(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    print_lines(["    for: " + "word " * 20], file=terminal)
    lines = [line for line in _lines(terminal.getvalue()) if line]
    assert len(lines) > 3
    assert all(line.startswith("    ") and len(line) <= 30 for line in lines)


def test_bars_are_silent_in_a_pipe() -> None:
    pipe = io.StringIO()
    with bars(pipe) as progress:
        assert progress is silent
        progress("reading", 1, 2)
    assert pipe.getvalue() == ""


@pytest.mark.parametrize("width", [40, 80])
def test_bars_show_what_is_done_on_a_terminal(terminal: Terminal, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with bars(terminal) as progress:
        for done in range(0, 101, 10):
            progress("reading [bold] result.json", done, 100)
        progress("labels", 5, None)
        progress("labels", 7, 7)
    text = terminal.getvalue()
    assert "reading [bold] " in text
    assert "7/7" in text
    assert max(cell_len(line) for frame in text.split("\r") for line in _lines(frame)) <= width
