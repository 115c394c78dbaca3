"""The same post written otherwise: what people and masking do to a text without changing what it says."""

import hashlib
import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from classifiers.kazakh.spelling import LATIN_2021, RUSSIAN_KEYBOARD, respell

_CYRILLIC = ("kk", "mix", "ru", "uk")
_LATIN = dict(zip("абвгдезийклмнопрстуфхыэәғқңөұүһіёїєґ", "abvgdeziiklmnoprstufhyeagqnouuhioieg", strict=True)) | {
    "ж": "zh",
    "ч": "ch",
    "ц": "ts",
    "ш": "sh",
    "щ": "sh",
    "ю": "yu",
    "я": "ya",
    "ъ": "",
    "ь": "",
}
_LINK = re.compile(r"https?://\S+|t\.me/\S+", re.IGNORECASE)
_ADDRESS = re.compile(r"(https?://\S+|t\.me/\S+|(?<!\w)@\w+)", re.IGNORECASE)
_LOOKALIKES = str.maketrans(
    "асеорхуіАСЕОРХВНКМТ" + "aceopxyiACEOPXBHKMT", "aceopxyiACEOPXBHKMT" + "асеорхуіАСЕОРХВНКМТ"
)
_HANDLE = re.compile(r"(?<!\w)@\w+")
_NUMBER = re.compile(r"\+?\d(?:[\d\s().-]*\d)?")
_WORD = re.compile(r"[^\W\d_]{4,}")
_SENTENCE = re.compile(r"(?<=[.!?…])\s+")
_EMOJI = ("🔥", "❗️", "🙏", "👉", "💪", "⚡️", "😡", "🇰🇿")
# One word in so many has a typing mistake.
_TYPO_EVERY = 8


@dataclass(frozen=True, slots=True)
class Perturbation:
    """A way to write a post otherwise: its name, the languages it makes sense for, and the rewriting itself."""

    name: str
    languages: tuple[str, ...]
    rewrite: Callable[[str], str]


def without_kazakh_letters(text: str) -> str:
    """Kazakh as it is typed on a Russian keyboard.

    >>> without_kazakh_letters("Қош келіңіз")
    'Кош келиниз'
    """
    return respell(text, RUSSIAN_KEYBOARD).text


def in_latin_letters(text: str) -> str:
    """Cyrillic letters in Latin ones, as people type them.

    >>> in_latin_letters("Жұма күні")
    'Zhuma kuni'
    """
    return respell(text, _LATIN).text


def in_official_latin_letters(text: str) -> str:
    """Kazakh in the Latin alphabet of 2021.

    >>> in_official_latin_letters("Жұма күні")
    'Jūma künı'
    """
    return respell(text, LATIN_2021).text


def with_lookalikes(text: str) -> str:
    """Letters of one word in four swapped for those of the other alphabet that look the same, as filters are evaded."""
    rng = _random("lookalikes", text)
    return _WORD.sub(lambda found: found[0] if rng.randrange(4) else found[0].translate(_LOOKALIKES), text)


def in_capitals(text: str) -> str:
    """All letters large, links and handles as they are."""
    return "".join(part if i % 2 else part.upper() for i, part in enumerate(_ADDRESS.split(text)))


def with_typos(text: str) -> str:
    """One word in eight with two letters swapped, one left out, or one doubled; the same text, the same mistakes."""
    rng = _random("typos", text)

    def mistake(match: re.Match[str]) -> str:
        word = match[0]
        if rng.randrange(_TYPO_EVERY):
            return word
        at = rng.randrange(1, len(word) - 1)
        kind = rng.randrange(3)
        if kind == 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        return word[:at] + word[at + 1 :] if kind == 1 else word[: at + 1] + word[at:]

    return _WORD.sub(mistake, text)


def with_emoji(text: str) -> str:
    """An emoji at the beginning and after each sentence."""
    rng = _random("emoji", text)
    sentences = _SENTENCE.split(text)
    return " ".join([rng.choice(_EMOJI), *(f"{sentence} {rng.choice(_EMOJI)}" for sentence in sentences)])


def masked(text: str) -> str:
    """Links, handles and numbers replaced, as pseudonymisation does.

    >>> masked("Звоните +7 700 123 45 67, https://a.kz/b")
    'Звоните <number>, <url>'
    """
    return _NUMBER.sub("<number>", _HANDLE.sub("@user", _LINK.sub("<url>", text)))


PERTURBATIONS = (
    Perturbation("Kazakh without its letters", ("kk", "mix"), without_kazakh_letters),
    Perturbation("Latin letters", _CYRILLIC, in_latin_letters),
    Perturbation("official Latin letters", ("kk", "mix"), in_official_latin_letters),
    Perturbation("typing mistakes", (), with_typos),
    Perturbation("emoji", (), with_emoji),
    Perturbation("numbers and links masked", (), masked),
    Perturbation("lookalike letters", (), with_lookalikes),
    Perturbation("all capitals", (), in_capitals),
)


def _random(kind: str, text: str) -> random.Random:
    seed = hashlib.blake2b(f"{kind}/{text}".encode(errors="surrogatepass"), digest_size=8).digest()
    return random.Random(int.from_bytes(seed))
