"""The reading of a text that a model gets: what hides in it is removed, and every place leads back to the original.

Zero-width characters inside words, letters of another alphabet that look the same, and marks piled onto letters change
nothing for a person and everything for a tokenizer. They are undone here, before training and before prediction alike.
"""

import re
import unicodedata
from dataclasses import dataclass

#: Changes with the readings: labels of texts that were read otherwise are not those of today.
VERSION = 1

_LATIN = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02af\u1e00-\u1eff"
_GREEK = "\u0370-\u0373\u0376\u0377\u037b-\u037d\u037f\u0386\u0388-\u03ff"
_CYRILLIC = "\u0400-\u0481\u048a-\u052f"
_MARKS = "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20e2\u20e4-\u20ff"
# Nothing is drawn for these, and no word of our languages needs them: soft hyphen, grapheme joiner, fillers, direction
# marks, invisible operators, byte-order mark, tags.
_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\uffa0\U000e0000-\U000e0fff"
)
# These bind emoji, and letters of Arabic and Indic scripts; within and around our words they only hide.
_JOINERS = "\u200c\u200d"
_SELECTORS = "\ufe00-\ufe0f"
# Letters in fancy dress: full-width, mathematical, circled, squared.
_FANCY = "\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\u24b6-\u24e9\U0001d400-\U0001d7ff\U0001f110-\U0001f149"

_EUROPEAN = re.compile(f"[{_LATIN}{_GREEK}{_CYRILLIC}]")
_WORD = re.compile(f"[{_LATIN}{_GREEK}{_CYRILLIC}]{{2,}}")
_ALL_LATIN, _ALL_CYRILLIC = re.compile(f"[{_LATIN}]+"), re.compile(f"[{_CYRILLIC}]+")
_ONLY_LATIN, _ONLY_CYRILLIC = re.compile(f"[{_LATIN}]"), re.compile(f"[{_CYRILLIC}]")
_MIXED = re.compile(f"[{_LATIN}][{_CYRILLIC}{_GREEK}]|[{_CYRILLIC}][{_LATIN}{_GREEK}]|[{_GREEK}][{_LATIN}{_CYRILLIC}]")
_ODD = re.compile(f"[\\0\ud800-\udfff{_MARKS}{_INVISIBLE}{_JOINERS}{_FANCY}]|[^\\W\\d_][{_SELECTORS}]|{_MIXED.pattern}")
_IS_MARK, _IS_INVISIBLE = re.compile(f"[{_MARKS}]"), re.compile(f"[{_INVISIBLE}]")
_IS_JOINER, _IS_SELECTOR = re.compile(f"[{_JOINERS}]"), re.compile(f"[{_SELECTORS}]")
_IS_FANCY = re.compile(f"[{_FANCY}]")

# Letters that look alike, capitals and small ones apart: B is В, b is no в. The letters that Kazakh keyboards lack are
# often taken from another alphabet (i for і, ə for ә).
_TO_CYRILLIC = str.maketrans(
    "ABCEHIKMOPTXYacehikmoptxyəƏɵƟķĶëËïÏăĂΑΒΕΗΙΚΜΟΡΤΧΥαεικορυχθΘ",
    "АВСЕНІКМОРТХУасеһікмортхуәӘөӨқҚёЁїЇӑӐАВЕНІКМОРТХУаеікорухөӨ",
)
_TO_LATIN = str.maketrans(
    "АВСЕНІЈКМОРЅТХУасеһіјкморѕтхуәӘёЁїЇӑӐΑΒΕΗΙΚΜΝΟΡΤΥΧΖαεικορυχ",
    "ABCEHIJKMOPSTXYacehijkmopstxyəƏëËïÏăĂABEHIKMNOPTYXZaeikopyx",
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a model reads of a text.

    Attributes
    ----------
    text
        The normalised text.
    places
        Half-open range of the original, in Unicode code points, of each character of `text`; None where nothing was
        changed.
    """

    text: str
    places: tuple[tuple[int, int], ...] | None = None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The range of the original text that `text[start:end]` was read from; an empty range stays empty."""
        if self.places is None:
            return start, end
        if start < end:
            return self.places[start][0], self.places[end - 1][1]
        at = self.places[start][0] if start < len(self.places) else self.places[-1][1] if self.places else 0
        return at, at


def normalise(text: str) -> Reading:
    """Normalise a text for reading by a model, and say where each character came from.

    Parameters
    ----------
    text
        Any string, also with NUL and lone surrogates.

    Returns
    -------
    Reading
        The text itself, without a map, where there is nothing to undo: the case of almost every post.

    Notes
    -----
    In this order: NUL is read as a blank and a lone surrogate as U+FFFD. Invisible characters are removed; joiners only
    beside letters of our alphabets, since emoji and other scripts need them. Full-width, mathematical and circled
    letters become plain ones (NFKC). A combining mark is composed with its letter (NFC) or, where there is no such
    letter, removed from letters of our alphabets. Then each word that mixes alphabets is read in the one that can
    write all of it with letters of the same look: Cyrillic or Latin; a word that neither can write whole
    (*Instagramда*) stays as it is. The function is idempotent.

    References
    ----------
    Unicode Technical Standard 39, Unicode Security Mechanisms (mixed-script detection, confusables); Unicode Standard
    Annex 15, Normalization Forms.

    Examples
    --------
    >>> normalise("при\\u200bxoдитe").text  # a zero-width space, and x, o, e in Latin
    'приходите'
    >>> normalise("при\\u200bxoдитe").original(0, 4)
    (0, 5)
    """
    if text.isascii() and "\0" not in text:
        return Reading(text)
    return _read(text) if _ODD.search(text) else Reading(text)


def _read(text: str) -> Reading:
    chars: list[str] = []
    places: list[tuple[int, int]] = []
    for at, char in enumerate(text):
        last = chars[-1] if chars else " "
        if _IS_MARK.match(char) and _EUROPEAN.match(last):
            composed = unicodedata.normalize("NFC", last + char)
            if len(composed) == 1:
                chars[-1] = composed
            places[-1] = (places[-1][0], at + 1)
        elif not _hides(char, last):
            for shown in _plain(char):
                chars.append(shown)
                places.append((at, at + 1))
    joined = "".join(chars)
    folded = _folded(joined) if _MIXED.search(joined) else joined
    return Reading(text) if folded == text else Reading(folded, tuple(places))


def _hides(char: str, last: str) -> bool:
    """Whether a character is nothing to a reader, after the last one that was kept."""
    if char.isascii():
        return False
    if _IS_JOINER.match(char):
        return last.isspace() or last.isdigit() or _EUROPEAN.match(last) is not None
    if _IS_SELECTOR.match(char):
        return last.isalpha()
    return _IS_INVISIBLE.match(char) is not None


def _plain(char: str) -> str:
    if char == "\0":
        return " "
    if "\ud800" <= char <= "\udfff":
        return "\ufffd"
    return unicodedata.normalize("NFKC", char) if _IS_FANCY.match(char) else char


def _folded(text: str) -> str:
    """The text with each word of mixed alphabets in one of them; no character more or less."""
    mainly_cyrillic = len(_ONLY_CYRILLIC.findall(text)) >= len(_ONLY_LATIN.findall(text))

    def fold(match: re.Match[str]) -> str:
        word = match[0]
        if not _MIXED.search(word):
            return word
        cyrillic, latin = word.translate(_TO_CYRILLIC), word.translate(_TO_LATIN)
        as_cyrillic, as_latin = _ALL_CYRILLIC.fullmatch(cyrillic), _ALL_LATIN.fullmatch(latin)
        if as_cyrillic and as_latin:
            more = len(_ONLY_CYRILLIC.findall(word)) - len(_ONLY_LATIN.findall(word))
            return cyrillic if more > 0 or (more == 0 and mainly_cyrillic) else latin
        return cyrillic if as_cyrillic else latin if as_latin else word

    return _WORD.sub(fold, text)
