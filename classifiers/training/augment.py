"""Alter the form of a post and leave what it says: spelling, alphabet, digits, links, case and marks must not decide.

Marked words stay marked: where a change moves them, their places move along.
"""

import random
import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from classifiers.examples import Example, Span
from classifiers.kazakh.spelling import (
    KAZAKH_LETTERS,
    LATIN_2018,
    LATIN_2021,
    RUSSIAN_KEYBOARD,
    Respelt,
    chat_latin,
    respell,
)

__all__ = ["altered"]

_EMOJI = "🙏❗🔥👍📌😡❤💪📢😢✅⚡"
#: Share of words in which a typing slip swaps two letters.
_SLIPS = 0.04
#: Share of words in which letters are swapped for those of the other alphabet that look the same.
_LOOKALIKE_WORDS = 0.2
#: Share of Kazakh posts without their letters, and in Latin ones: as they are met.
_RUSSIAN_KEYBOARD, _LATIN = 1 / 3, 1 / 8
_LOOKALIKES = str.maketrans(
    "асеорхуіАСЕОРХВНКМТ" + "aceopxyiACEOPXBHKMT", "aceopxyiACEOPXBHKMT" + "асеорхуіАСЕОРХВНКМТ"
)
_WORD = re.compile(r"[^\W\d_]+")
# As pseudonymisation masks them.
_MASKS = (
    (re.compile(r"https?://\S+|t\.me/\S+", re.IGNORECASE), "<url>"),
    (re.compile(r"(?<!\w)@\w+"), "@user"),
    (re.compile(r"\+?\d(?:[\d\s().-]*\d)?"), "<number>"),
)

_Change = Callable[[str, Sequence[Span], random.Random], Respelt]


def altered(example: Example, rng: random.Random) -> Example:
    """The example with up to two changes of form, and Kazakh in another spelling: labels and marked words stay true.

    A third of Kazakh posts lose the letters that Russian keyboards lack, an eighth are written in Latin ones. Others of
    the changes: other digits; links, handles and numbers masked; typing slips; letters of the other alphabet that look
    the same; all small or all large letters; softer marks; an emoji at the end.

    Parameters
    ----------
    example
        A labelled post.
    rng
        Decides on all changes: the same state, the same post.

    Returns
    -------
    Example
        A new example; everything but `text` and the places of `spans` is as it was.
    """
    drawn = rng.random()
    if KAZAKH_LETTERS - {"і"} & set(example.text.casefold()):
        if drawn < _RUSSIAN_KEYBOARD:
            example = _moved(example, respell(example.text, RUSSIAN_KEYBOARD))
        elif drawn < _RUSSIAN_KEYBOARD + _LATIN:
            letters = rng.choice((LATIN_2021, LATIN_2018, chat_latin(rng), chat_latin(rng)))
            example = _moved(example, respell(example.text, letters))
    for change in rng.sample(_CHANGES, k=rng.choice((0, 1, 1, 2))):
        example = _moved(example, change(example.text, example.spans or (), rng))
    return example


def _moved(example: Example, new: Respelt) -> Example:
    """The example with a new text, and its spans where their words are now; a span of nothing is left out."""
    spans = example.spans
    if spans is not None:
        places = ((span.technique, *new.place(span.start, span.end)) for span in spans)
        spans = tuple(Span(technique, start, end) for technique, start, end in places if start < end)
    return replace(example, text=new.text, spans=spans)


def _in_place(text: str) -> Respelt:
    """A text whose characters are where they were; what was appended stands beyond them."""
    return Respelt(text, tuple(range(len(text) + 1)))


def _other_digits(text: str, _: Sequence[Span], rng: random.Random) -> Respelt:
    return _in_place("".join(rng.choice("0123456789") if "0" <= c <= "9" else c for c in text))


def _slips(text: str, _: Sequence[Span], rng: random.Random) -> Respelt:
    letters = list(text)
    for i in range(1, len(letters) - 2):
        if letters[i].isalpha() and letters[i + 1].isalpha() and letters[i - 1].isalpha() and rng.random() < _SLIPS / 4:
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
    return _in_place("".join(letters))


def _lookalikes(text: str, _: Sequence[Span], rng: random.Random) -> Respelt:
    def swapped(found: re.Match[str]) -> str:
        return found[0].translate(_LOOKALIKES) if rng.random() < _LOOKALIKE_WORDS else found[0]

    return _in_place(_WORD.sub(swapped, text))


def _small(text: str, _: Sequence[Span], __: random.Random) -> Respelt:
    return _in_place("".join(c.lower() if len(c.lower()) == 1 else c for c in text))


def _large(text: str, _: Sequence[Span], __: random.Random) -> Respelt:
    return _in_place("".join(c.upper() if len(c.upper()) == 1 else c for c in text))


def _softer(text: str, _: Sequence[Span], __: random.Random) -> Respelt:
    return _in_place(text.replace("!", "."))


def _with_emoji(text: str, _: Sequence[Span], rng: random.Random) -> Respelt:
    return Respelt(f"{text} {rng.choice(_EMOJI) * rng.choice((1, 1, 2, 3))}", tuple(range(len(text) + 1)))


def _masked(text: str, spans: Sequence[Span], _: random.Random) -> Respelt:
    """Links, handles and numbers masked, save those that a marked place begins or ends in: half a mask is no word."""
    bounds = {place for span in spans for place in (span.start, span.end)}
    pieces: list[str] = []
    starts = [0]
    at = 0
    for start, end, mask in _to_mask(text):
        if not bounds.isdisjoint(range(start + 1, end)):
            continue
        pieces += [text[at:start], mask]
        starts += range(starts[-1] + 1, starts[-1] + start - at + 1)
        # What stands within a mask begins where the mask does.
        starts += [starts[-1]] * (end - start - 1) + [starts[-1] + len(mask)]
        at = end
    starts += range(starts[-1] + 1, starts[-1] + len(text) - at + 1)
    return Respelt("".join([*pieces, text[at:]]), tuple(starts))


def _to_mask(text: str) -> list[tuple[int, int, str]]:
    """Places and masks in order, none within another: digits in a link are part of the link."""
    found: list[tuple[int, int, str]] = []
    for pattern, mask in _MASKS:
        for match in pattern.finditer(text):
            if all(match.end() <= start or end <= match.start() for start, end, _ in found):
                found.append((match.start(), match.end(), mask))
    return sorted(found)


_CHANGES: tuple[_Change, ...] = (
    _other_digits,
    _masked,
    _slips,
    _lookalikes,
    _small,
    _large,
    _softer,
    _with_emoji,
)
