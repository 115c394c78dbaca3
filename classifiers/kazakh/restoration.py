"""Kazakh typed without its letters or in Latin ones, read as it is spelt properly; every place leads back.

A model learnt Kazakh in its own letters. What people type on Russian keyboards (*келиниздер*) and in Latin alphabets
(*keliñizder*, *kelinizder*) is read back into them word by word, by the letters that Kazakh words are made of. The
table of weights is data (`restoration.safetensors`); `classifiers.training.restoration` estimates it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from classifiers.encoding import LONGEST_TEXT
from classifiers.kazakh.beam import LONGEST_WORD, Floats, Weights, decoded, spelt
from classifiers.kazakh.spelling import KAZAKH_LETTERS
from classifiers.kazakh.table import digest, shipped_weights
from classifiers.kazakh.transliteration import BARE, CHAT, OFFICIAL_2018, OFFICIAL_2021, rules, small_letters
from classifiers.ngrams import CLASSES, shipped_table, word_evidence
from classifiers.normalise import Reading, normalise

__all__ = ["VERSION", "basis", "kind_of_spelling", "restored", "restored_all"]

#: Changes with what is read; the table has its own mark in `basis`.
VERSION = 1

_LEAST_SHARE = 0.05
_LEAST_MARKED = 0.06
# A Latin word that is likelier English by so many nats, with a part of what its neighbours say, is a name or a
# quotation; a word says at most so much.
_FOREIGN, _NEIGHBOURS, _MOST = 3.0, 0.15, 6.0
# What a writer's habits weigh against the letters around, and how many letters of evidence there are before any.
_HABIT, _BEFORE = 8.0, 1.0
# Words that are read at a time.
_BLOCK = 2048

_LEFT_AS_IT_IS = re.compile(
    r"https?://\S+|www\.\S+|\S+@\S+|[@#]\w+|<\w+>|(?:[\w-]+\.)+[a-z]{2,}/\S*"
    r"|\b(?:[\w-]+\.)+(?:kz|com|ru|org|net|me|info|tv)\b|\w*\d\w*",
    re.IGNORECASE,
)
_MAY_BE_LEFT = re.compile(r"[@#/<\d]|\w\.\w")
_WORD = re.compile(r"[^\W\d_]+")
_KAZAKH = re.compile(f"[{''.join(sorted(KAZAKH_LETTERS))}]")
_CYRILLIC = re.compile("[а-яёәғқңөұүһі]")
_LATIN = re.compile("[a-z\u00df-\u024f\u1e00-\u1eff]")
_MARKS = {OFFICIAL_2021: re.compile("[äğñŋöūüş]"), OFFICIAL_2018: re.compile("[áǵńóúý]")}
# The small form of the first would be two characters; the second stood for ñ in drafts of the Latin alphabet.
_AS_RULES_HAVE_IT = str.maketrans("İŋŊ", "iñÑ")
_ROMAN_NUMBER = re.compile("[IVXLC]{2,}")


@dataclass(slots=True)
class _Text:
    """A text that is read otherwise: its normalised reading, the kind of its spelling, its words with their places."""

    base: Reading
    kind: int
    words: list[tuple[int, str]]


def restored(text: str) -> Reading:
    """Read one text; see `restored_all`.

    >>> restored("Ертен жиналыска келиниздер!").text
    'Ертең жиналысқа келіңіздер!'
    >>> restored("Erteñ jinalysqa kelıñızder, şai da bolady").text
    'Ертең жиналысқа келіңіздер, шай да болады'
    >>> restored("Erteng zhinalysqa kelingizder").original(0, 5)
    (0, 6)
    """
    return restored_all([text])[0]


def restored_all(texts: Sequence[str]) -> list[Reading]:
    """Read Kazakh texts as they are spelt properly.

    Parameters
    ----------
    texts
        Kazakh texts in any spelling; the caller knows their language.

    Returns
    -------
    list of Reading
        In order. A text with its Kazakh letters, or of more than 20,000 characters, stays as it is. The others are
        normalised (`classifiers.normalise`), and each word has its Kazakh Cyrillic letters; capitals stay capitals.
        Links, handles, hashtags, what has a digit, words with a Kazakh letter, Roman numbers, words in another script
        than the text, and Latin words that are likelier English stay.

    Notes
    -----
    A text lacks its letters if fewer than 5% of its Cyrillic letters are Kazakh ones. In Latin texts, the writer's
    habits (j or zh, sh or w) are taken from a first reading of the text, and weigh in a second.
    """
    found = [_prepared(normalise(text)) if len(text) <= LONGEST_TEXT else None for text in texts]
    _leave_english([text for text in found if text is not None and text.kind != BARE])
    needy = [text for text in found if text is not None and text.words]
    read = iter(_read(needy) if needy else [])
    readings = [None if text is None or not text.words else _spelt_out(text, next(read)) for text in found]
    return [Reading(text) if reading is None else reading for text, reading in zip(texts, readings, strict=True)]


def basis() -> str:
    """What readings stand on besides texts: version and table."""
    return f"restoration {VERSION}-{digest()}"


def kind_of_spelling(text: str) -> int | None:
    """How a Kazakh text is written, a place in `transliteration.KINDS`; None for its own letters.

    >>> kind_of_spelling("Ертен келиниздер") == BARE, kind_of_spelling("Ертең келіңіздер")
    (True, None)
    """
    small = text.lower()
    cyrillic, kazakh = len(_CYRILLIC.findall(small)), len(_KAZAKH.findall(small))
    if kazakh >= max(1, _LEAST_SHARE * cyrillic) and 2 * cyrillic > len(small):
        return None  # the case of almost every post
    if _MAY_BE_LEFT.search(small):
        small = _LEFT_AS_IT_IS.sub(" ", small)
    cyrillic, kazakh, latin = (len(letters.findall(small)) for letters in (_CYRILLIC, _KAZAKH, _LATIN))
    # As where languages are told: names of apps and brands are Latin in every Cyrillic text.
    if latin > 3 * cyrillic:
        return _latin_kind(small, latin)
    return BARE if cyrillic and kazakh < _LEAST_SHARE * cyrillic else None


def _latin_kind(small: str, letters: int) -> int:
    """The alphabet whose letters with marks stand there often enough; none of them in chats."""
    of_2021, of_2018 = (len(_MARKS[kind].findall(small)) for kind in (OFFICIAL_2021, OFFICIAL_2018))
    dotless = small.count("ı")
    if of_2021 + of_2018 + dotless < _LEAST_MARKED * letters:
        return CHAT
    if of_2021 == of_2018:
        return OFFICIAL_2018 if "sh" in small or "ch" in small else OFFICIAL_2021
    return OFFICIAL_2021 if of_2021 > of_2018 else OFFICIAL_2018


def _prepared(reading: Reading) -> _Text | None:
    kind = kind_of_spelling(reading.text)
    if kind is None:
        return None
    text = reading.text.translate(_AS_RULES_HAVE_IT)
    left = [match.span() for match in _LEFT_AS_IT_IS.finditer(text)] if _MAY_BE_LEFT.search(text) else []
    known = _readable(kind)
    words = []
    for match in _WORD.finditer(text):
        while left and left[0][1] <= match.start():
            left.pop(0)
        kept = (left and left[0][0] < match.end()) or _ROMAN_NUMBER.fullmatch(match[0])
        small = small_letters(match[0], kind)
        if not kept and len(small) == len(match[0]) <= LONGEST_WORD and known.issuperset(small):
            words.append((match.start(), small))
    return _Text(reading, kind, words)


@cache
def _readable(kind: int) -> frozenset[str]:
    """Characters of words that are read: those of the kind's rules, and no Kazakh letter."""
    known = rules()
    return frozenset(c for of, piece in zip(known.kinds, known.pieces, strict=True) if of == kind for c in piece)


def _read(texts: Sequence[_Text]) -> list[dict[str, list[int]]]:
    """The rules by which each word of each text is read; words that stay are left out."""
    weights = shipped_weights()
    words = list(dict.fromkeys((small, text.kind) for text in texts for _, small in text.words))
    first = dict(zip(words, _decoded(words, weights), strict=True))
    found = [{small: first[small, text.kind] for _, small in text.words} for text in texts]
    chats = [i for i, text in enumerate(texts) if text.kind == CHAT and found[i]]
    if chats:
        again = _by_habit([texts[i] for i in chats], [found[i] for i in chats], weights)
        for i, read in zip(chats, again, strict=True):
            found[i] = read
    return found


def _decoded(words: Sequence[tuple[str, int]], weights: Weights, bonus: Floats | None = None) -> list[list[int]]:
    """Readings of words; those of one length together, so that no place is kept for letters that are not there."""
    order = sorted(range(len(words)), key=lambda i: (len(words[i][0]), i))
    found: list[list[int]] = [[]] * len(words)
    for start in range(0, len(order), _BLOCK):
        part = order[start : start + _BLOCK]
        block = spelt([words[i][0] for i in part], [words[i][1] for i in part])
        for i, read in zip(part, decoded(block, weights, None if bonus is None else bonus[part]), strict=True):
            found[i] = read
    return found


def _leave_english(texts: Sequence[_Text]) -> None:
    """Take the words out of Latin texts that are likelier English; a letter with a mark is never English."""
    words = list(dict.fromkeys(small.lower() for text in texts for _, small in text.words if small.isascii()))
    if not words:
        return
    evidence = word_evidence(words, shipped_table())
    more = evidence[:, CLASSES.index("en")] - evidence[:, CLASSES.index("kk")]
    english = dict(zip(words, np.clip(more, -_MOST, _MOST).tolist(), strict=True))
    for text in texts:
        lean = [0.0, *(english.get(small.lower(), -_MOST) for _, small in text.words), 0.0]
        around = [before + after for before, after in zip(lean, lean[2:], strict=False)]
        text.words = [
            word
            for word, own, beside in zip(text.words, lean[1:], around, strict=False)
            if own + _NEIGHBOURS * beside <= _FOREIGN
        ]


def _by_habit(
    texts: Sequence[_Text], found: Sequence[dict[str, list[int]]], weights: Weights
) -> list[dict[str, list[int]]]:
    """The words of each text read again, with what its writer is used to."""
    counts = np.zeros((len(texts), len(rules().pieces)))
    for number, (text, read) in enumerate(zip(texts, found, strict=True)):
        used = [rule for _, small in text.words for rule in read.get(small, ())]
        counts[number] = np.bincount(used, minlength=counts.shape[1])
    bonus = _habits(counts)
    owners = [(number, small) for number, read in enumerate(found) for small in read]
    again = _decoded([(small, CHAT) for _, small in owners], weights, bonus[[number for number, _ in owners]])
    second: list[dict[str, list[int]]] = [{} for _ in texts]
    for (number, small), numbers in zip(owners, again, strict=True):
        second[number][small] = numbers
    return second


def _habits(counts: npt.NDArray[np.float64]) -> Floats:
    """From how often each rule was used (texts, R): its share among the rules for its letters, as a bonus to scores."""
    known = rules()
    groups = {letters: i for i, letters in enumerate(dict.fromkeys(zip(known.kinds, known.letters, strict=True)))}
    group = np.array([groups[key] for key in zip(known.kinds, known.letters, strict=True)])
    ways = np.bincount(group)[group]
    member = np.zeros((len(group), len(groups)))
    member[np.arange(len(group)), group] = 1
    of_letters = (counts @ member)[:, group]
    share = (counts + _BEFORE / ways) / (of_letters + _BEFORE)
    return np.asarray(_HABIT * np.log(share * ways), np.float32)


def _spelt_out(text: _Text, read: dict[str, list[int]]) -> Reading | None:
    """The reading with its words as their rules say, and its places in the text as given; None if nothing changes."""
    source, at = text.base.text, 0
    chars: list[str] = []
    places: list[tuple[int, int]] = []
    for start, small in text.words:
        if numbers := read.get(small):
            chars.append(source[at:start])
            places += [(i, i + 1) for i in range(at, start)]
            at = start + len(small)
            for letter, place in _letters(source[start:at], numbers):
                chars.append(letter)
                places.append((start + place[0], start + place[1]))
    chars.append(source[at:])
    places += [(i, i + 1) for i in range(at, len(source))]
    new = "".join(chars)
    if new == source:
        return None
    if text.base.places is not None:
        places = [text.base.original(*place) for place in places]
    return Reading(new, tuple(places))


def _letters(word: str, numbers: Sequence[int]) -> Iterator[tuple[str, tuple[int, int]]]:
    """The letters of a word and their places in it as it was written; capitals where its pieces have them."""
    known, at = rules(), 0
    shouted = len(word) > 1 and word.isupper()
    for number in numbers:
        end = at + len(known.pieces[number])
        for place, letter in enumerate(known.letters[number]):
            large = shouted or (place == 0 and word[at].isupper())
            yield letter.upper() if large else letter, (at, end)
        at = end
