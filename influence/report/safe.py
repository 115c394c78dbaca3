"""Texts of strangers made inert: escaped, isolated, with nothing hidden in them.

Posts and names come from accounts that may mean harm. Here they become text and nothing else: no markup, no link,
no direction override that would show a reader other words than stand there.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

__all__ = ["CALL_WORDS", "Span", "clean", "marked", "name_markup", "shorten", "spans_of", "visible", "without_hidden"]

#: Embeddings, overrides and isolates: they reorder what follows them. Plain direction marks (U+200E, U+200F) do not.
_BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_KEPT_CONTROLS = frozenset("\n\t")

Span = tuple[int, int, str]
"""Start and end (characters of the text, end excluded) and the technique that the words are evidence of."""

CALL_WORDS = "call"
"""What a span of the words that carry a call has in place of a technique."""


_DROPPED = {
    code: None for code in (*map(ord, _BIDI), *range(0x20), *range(0x7F, 0xA0)) if chr(code) not in _KEPT_CONTROLS
}


def without_hidden(value: object) -> object:
    """Return what a template prints without control characters and direction overrides, whichever way it came in."""
    if isinstance(value, Markup):
        return Markup(value.translate(_DROPPED))
    return value.translate(_DROPPED) if isinstance(value, str) else value


def _hidden(char: str) -> bool:
    return char in _BIDI or (unicodedata.category(char) in ("Cc", "Cs") and char not in _KEPT_CONTROLS)


def clean(text: str) -> str:
    """Return `text` on one line without control characters and direction overrides, for names, files and labels."""
    return " ".join("".join(" " if char in _KEPT_CONTROLS else char for char in text if not _hidden(char)).split())


def shorten(text: str, width: int) -> str:
    """Return `text`, cleaned, in at most `width` columns; a wide character takes two, a combining one none."""
    used = 0
    text = clean(text)[: 4 * width]  # marks that pile up on one letter take no width, but not without end
    for index, char in enumerate(text):
        used += 0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if used > width:
            return text[: max(index - 1, 0)].rstrip() + "…"
    return text


def name_markup(text: str) -> Markup:
    """Return a name for a sentence or a cell: escaped and isolated, so that its direction moves nothing around it."""
    return Markup("<bdi>{}</bdi>").format(clean(text))


def visible(text: str) -> Markup:
    """Return a text escaped, with hidden characters shown as their code points: a reader should see them."""
    parts = [
        Markup('<span class="hidden-char">U+{:04X}</span>').format(ord(char)) if _hidden(char) else escape(char)
        for char in text.replace("\r\n", "\n").replace("\r", "\n")
    ]
    return Markup("").join(parts)


def spans_of(value: object, text: str) -> list[Span]:
    """Return the evidence spans of a label that stand in `text`, as `(start, end, technique)`, sorted, cut to the text.

    A span that gives its words and not their place is looked up; one that does not stand in the text is left out.
    """
    found = []
    for item in value if isinstance(value, Sequence) and not isinstance(value, str) else ():
        if isinstance(item, Mapping):
            place = _place(item, text)
            if place is not None:
                found.append((*place, str(item.get("technique") or "")))
    return sorted(found)


def _place(item: Mapping[str, Any], text: str) -> tuple[int, int] | None:
    start, end, quote = item.get("start"), item.get("end"), item.get("quote") or item.get("text")
    placed = isinstance(start, int) and isinstance(end, int) and 0 <= start < end <= len(text)
    if placed and (not isinstance(quote, str) or text[start:end] == quote):
        return item["start"], item["end"]
    if isinstance(quote, str) and quote in text:
        return text.index(quote), text.index(quote) + len(quote)
    return None


def marked(text: str, spans: Iterable[Span], titles: Mapping[str, str]) -> Markup:
    """Return a text escaped, with the words of each span in `<mark>`; spans that overlap become one.

    `titles` gives the readable name of a technique, which stands after the marked words. The words that carry a call
    are underlined instead, so that techniques can be marked within them; their name stands after them.
    """
    spans = sorted(spans)
    calls = [(start, end) for start, end, name in spans if name == CALL_WORDS]

    def shown(start: int, end: int) -> Markup:
        return _underlined(text, start, end, calls, titles.get(CALL_WORDS, CALL_WORDS))

    parts, at = [], 0
    for start, end, techniques in _merged(span for span in spans if span[2] != CALL_WORDS):
        names = ", ".join(titles.get(name, name) for name in techniques if name)
        tag = Markup(' <span class="technique">{}</span>').format(names) if names else Markup("")
        parts += [shown(at, start), Markup("<mark>"), shown(start, end), tag, Markup("</mark>")]
        at = end
    return Markup("").join([*parts, shown(at, len(text))])


def _underlined(text: str, start: int, end: int, calls: Iterable[tuple[int, int]], title: str) -> Markup:
    """Return `text[start:end]` with what lies in the words of a call underlined, and their name where they end."""
    parts, at = [], start
    for first, last in calls:
        a, b = max(first, at), min(last, end)
        if a >= b:
            continue
        tag = Markup(' <span class="technique">{}</span>').format(title) if b == last else Markup("")
        words = Markup('<span class="call-words">{}</span>').format(visible(text[a:b]))
        parts += [visible(text[at:a]), words, tag]
        at = b
    return Markup("").join([*parts, visible(text[at:end])])


def _merged(spans: Iterable[Span]) -> list[tuple[int, int, list[str]]]:
    merged: list[tuple[int, int, list[str]]] = []
    for start, end, technique in sorted(spans):
        if merged and start < merged[-1][1]:
            before = merged.pop()
            names = before[2] if technique in before[2] else [*before[2], technique]
            merged.append((before[0], max(end, before[1]), names))
        else:
            merged.append((start, end, [technique]))
    return merged
