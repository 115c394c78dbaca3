"""Kazakh in the spellings that people use: its Cyrillic letters, Russian ones only, and Latin alphabets.

Nothing here guesses: a letter of the standard alphabet leads to one or two letters of the other spelling. The way back
is ambiguous (у stands for у, ұ and ү): `classifiers.kazakh.restoration` goes it.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

__all__ = [
    "KAZAKH_LETTERS",
    "LATIN_2018",
    "LATIN_2021",
    "RUSSIAN_KEYBOARD",
    "Respelt",
    "chat_latin",
    "chat_ways",
    "respell",
]

KAZAKH_LETTERS = frozenset("әғқңөұүһі")
"""Letters that stand in Kazakh words and not in Russian ones."""

RUSSIAN_KEYBOARD: Mapping[str, str] = MappingProxyType(dict(zip("әғқңөұүһі", "агкноуухи", strict=True)))
"""Kazakh as it is typed on a keyboard that has only Russian letters."""

# Letters that all the Latin spellings write alike, and letters of Russian words, for which none of them has a rule.
_COMMON = dict(zip("абвгдезиклмнопрстуфыэ", "abvgdeziklmnoprstufye", strict=True)) | {
    "й": "i",
    "ё": "io",
    "х": "h",
    "һ": "h",
    "ц": "ts",
    "ч": "ch",
    "щ": "sh",
    "ю": "iu",
    "я": "ia",
    "ъ": "",
    "ь": "",
    "ж": "j",
    "қ": "q",
}
LATIN_2021: Mapping[str, str] = MappingProxyType(
    _COMMON | dict(zip("әғңөұүшіщ", "äğñöūüşış", strict=True)),
)
"""The alphabet that the government's commission presented in January 2021: ä ğ ı ñ ö ş ū ü."""

LATIN_2018: Mapping[str, str] = MappingProxyType(
    _COMMON | dict(zip("әғңөұүуі", "áǵńóuúýi", strict=True)) | {"и": "ı", "й": "ı", "ш": "sh", "ю": "ıý", "я": "ıa"},
)
"""The alphabet of the decree of February 2018: acute accents, sh and ch."""

# What stands for a letter in chats; one choice holds for a whole post, as people keep to their habits.
_CHAT_HABITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "ә": ("a", "a", "ae", "e"),
        "ғ": ("g", "g", "gh"),
        "қ": ("k", "k", "q"),
        "ң": ("n", "n", "ng"),
        "ө": ("o", "o", "oe"),
        "ұ": ("u", "u", "y"),
        "ү": ("u", "u", "y"),
        "і": ("i",),
        "ы": ("y", "y", "i"),
        "у": ("u", "u", "w"),
        "ж": ("j", "j", "zh"),
        "ш": ("sh", "sh", "w", "s"),
        "ч": ("ch",),
        "й": ("i", "y", "i", "j"),
        "х": ("h", "kh", "h", "x"),
        "ю": ("iu", "yu"),
        "я": ("ia", "ya"),
        "ц": ("ts", "c"),
        "ё": ("io", "yo", "e"),
    }
)


@dataclass(frozen=True, slots=True)
class Respelt:
    """A text in another spelling, and where each character of the first one went.

    Attributes
    ----------
    text
        The new spelling.
    starts
        For each character of the first text, and its end, the place in `text`, in code points; never decreasing.
    """

    text: str
    starts: tuple[int, ...]

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where the half-open range `start, end` of the first text stands in the new one."""
        return self.starts[start], self.starts[end]


def respell(text: str, letters: Mapping[str, str]) -> Respelt:
    """Write each letter as `letters` says, capitals as capitals; what is not in it stays.

    Parameters
    ----------
    text
        Any text.
    letters
        Small letters and what is written for them.

    Returns
    -------
    Respelt
        The new text with the places of the old one's characters.

    Examples
    --------
    >>> respell("Қош келіңіз", RUSSIAN_KEYBOARD).text
    'Кош келиниз'
    >>> respell("Жұма күні, шай", LATIN_2021).text
    'Jūma künı, şai'
    >>> respell("Жұма күні, шай", LATIN_2018).place(11, 14)
    (11, 15)
    """
    pieces: list[str] = []
    starts = [0]
    for char in text:
        piece = letters.get(char)
        if piece is None:
            small = letters.get(char.lower())
            piece = char if small is None else small[:1].upper() + small[1:]
        pieces.append(piece)
        starts.append(starts[-1] + len(piece))
    return Respelt("".join(pieces), tuple(starts))


def chat_ways() -> Mapping[str, tuple[str, ...]]:
    """All that may stand for each letter in the Latin of chats, without repetition.

    >>> chat_ways()["ж"]
    ('j', 'zh')
    """
    ways = {letter: (piece,) for letter, piece in _COMMON.items()} | dict(_CHAT_HABITS)
    return {letter: tuple(dict.fromkeys(pieces)) for letter, pieces in ways.items()}


def chat_latin(rng: random.Random) -> Mapping[str, str]:
    """Latin letters for Kazakh as one person in a chat might use them: without a standard, but by habit.

    >>> respell("Жұма күні", chat_latin(random.Random(1))).text
    'Juma kuni'
    """
    return _COMMON | {letter: rng.choice(ways) for letter, ways in _CHAT_HABITS.items()}
