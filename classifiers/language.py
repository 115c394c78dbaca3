"""Which language a post is in: kk, ru, en, uk, mix (Kazakh with Russian) or und (cannot be told)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.ngrams import CLASSES, shipped_table, word_evidence, word_scripts
from classifiers.normalise import normalise

__all__ = ["LANGUAGES", "Recognised", "detect_languages", "recognise_languages", "words_of"]

LANGUAGES = ("kk", "ru", "en", "uk", "mix", "und")

# Places in the columns of evidence.
_KK, _RU, _UK, _EN, _OTHER = range(len(CLASSES))
_LINKS = re.compile(r"https?://\S+|#\w+|<\w+>")
_PATHS = re.compile(r"(?:[\w-]+\.)+[a-z]{2,}/\S*")
_HANDLES = re.compile(r"\S+@\S+|@\w+")
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
# Only so much of a text is looked at: a language shows in its first lines.
_LOOKED_AT = 3000
_BLOCK = 4096
_LEAST_LETTERS = 3
# A word says at most so much against a language, in nats: one quoted name never outweighs a sentence.
_BOUND = 6.0
# Below this margin over the next language, in nats, a text is `und`; docs/classifiers.md has what that costs.
_LEAST_MARGIN = 2.0
# A mixture has at least this many words, and this share of all, in the language that has fewer of them. A word, with
# half of what its neighbours say, counts from this many nats on: people switch by phrases, and single loanwords,
# which every Kazakh text has, are outvoted by the words around them.
_MIXED_WORDS, _MIXED_SHARE, _MIXED_NATS, _NEIGHBOURS = 3, 0.08, 3.0, 0.5

_Floats = npt.NDArray[np.float64]
_Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Recognised:
    """The language of a text and how clear it is.

    Attributes
    ----------
    language
        One of `LANGUAGES`.
    margin
        Evidence for the likeliest language less that for the next one, in nats; 0 where there is no word to go by.
        For `mix`, the next one is the likeliest that is neither Kazakh nor Russian. For `und` with a high margin, the
        likeliest is a language that is none of ours.
    """

    language: str
    margin: float


def detect_languages(texts: Sequence[str]) -> list[str]:
    """Language of each text, one of `LANGUAGES`, in order; see `recognise_languages`."""
    return [found.language for found in recognise_languages(texts)]


def recognise_languages(texts: Sequence[str]) -> list[Recognised]:
    """Language of each text, and how clear it is, in order.

    Parameters
    ----------
    texts
        Any strings; their first 3,000 characters are looked at, without links, handles, hashtags and placeholders.

    Returns
    -------
    list of Recognised
        `und` is a text with fewer than three letters, one whose letters are mostly of a script that none of these
        languages is written in, one in another language of the Cyrillic or Latin script, and one that is too short
        or too mixed to tell.

    Notes
    -----
    Each word gives evidence for each class: the sum of the weights of its character n-grams in a multinomial
    logistic regression (`classifiers.training.languages`), in nats, at most 6 of them against a class. Evidence of
    the words in the script of the text adds up (naive Bayes over words). Kazakh without its letters and in Latin
    letters is Kazakh. A text is `mix` if at least three words and 8% speak for each of Kazakh and Russian, by 3 nats
    with half of what the words beside them say.

    References
    ----------
    Cavnar & Trenkle (1994), N-gram-based text categorization; Lui & Baldwin (2012), langid.py: an off-the-shelf
    language identification tool.

    Examples
    --------
    >>> recognise_languages(["Тургындар, ертен жиналыска келиниздер"])[0].language
    'kk'
    >>> detect_languages(["12345", "Ertang soat o'nda maydonda ko'rishamiz, do'stlar"])
    ['und', 'und']
    """
    found: list[Recognised] = []
    for start in range(0, len(texts), _BLOCK):
        found += _of_block([words_of(text) for text in texts[start : start + _BLOCK]])
    return found


def words_of(text: str) -> list[str]:
    """The words of a text that show its language, in small letters: no links, handles, hashtags or placeholders.

    >>> words_of("Ертең келіңіз! @user https://a.kz #тег <number>")
    ['ертең', 'келіңіз']
    """
    read = normalise(text[:_LOOKED_AT]).text
    # Looked for only where there is one: the patterns cost more than all the rest.
    if "@" in read:
        read = _HANDLES.sub(" ", read)
    if "://" in read or "#" in read or "<" in read:
        read = _LINKS.sub(" ", read)
    if "/" in read:
        read = _PATHS.sub(" ", read)
    return _WORD.findall(read.lower())


def _of_block(texts: list[list[str]]) -> list[Recognised]:
    flat = [word for words in texts for word in words]
    vocabulary = list(dict.fromkeys(flat))
    places = dict(zip(vocabulary, range(len(vocabulary)), strict=True))
    ids = np.fromiter(map(places.__getitem__, flat), np.int64, len(flat))
    counts = np.array([len(words) for words in texts])
    found = [Recognised("und", 0.0)] * len(texts)
    rows = np.flatnonzero(counts)
    if not len(rows):
        return found
    starts = np.r_[0, np.cumsum(counts[rows])[:-1]]
    evidence = word_evidence(vocabulary, shipped_table())
    evidence = np.maximum(evidence - evidence.max(axis=1, keepdims=True), -_BOUND)
    scripts = word_scripts(vocabulary)
    script = _scripts(scripts[ids], starts)
    likeliest, margin, mixed = _decided(evidence[ids], scripts[ids], script, starts, counts[rows])
    for row, of, by, is_mix, known in zip(rows, likeliest, margin, mixed, script >= 0, strict=True):
        if known:
            sure = by >= _LEAST_MARGIN and of != _OTHER
            found[row] = Recognised("mix" if is_mix else CLASSES[of] if sure else "und", round(float(by), 3))
    return found


def _scripts(letters: npt.NDArray[np.int64], starts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """0 for a Cyrillic text, 1 for a Latin one, -1 for none of them; `letters` counts Cyrillic, Latin, all, by word."""
    cyrillic, latin, of_all = np.add.reduceat(letters, starts, axis=0).T
    known = (of_all >= _LEAST_LETTERS) & (np.maximum(cyrillic, latin) >= of_all / 2)
    # Names of apps and brands are written in Latin letters in every Cyrillic text.
    return np.where(known, np.where(cyrillic >= of_all / 4, 0, 1), -1)


def _decided(
    evidence: npt.NDArray[np.float32],
    letters: npt.NDArray[np.int64],
    script: npt.NDArray[np.int64],
    starts: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], _Floats, _Bools]:
    """The likeliest class of each text, its margin, and whether the text mixes Kazakh with Russian."""
    own = np.repeat(np.arange(len(starts)), counts)
    in_script = (letters[:, 1] > letters[:, 0]) == (script[own] == 1)
    total = np.add.reduceat(np.where(in_script[:, None], evidence, 0.0), starts, axis=0)
    total[script == 0, _EN] = -np.inf
    total[np.ix_(script == 1, [_RU, _UK])] = -np.inf
    ordered = np.sort(total, axis=1)
    likeliest, margin = total.argmax(axis=1), ordered[:, -1] - ordered[:, -2]
    mixed = _mixed(evidence, starts, counts) & ((likeliest == _KK) | (likeliest == _RU))
    foreign = total[:, [_UK, _EN, _OTHER]].max(axis=1)
    over_foreign = total[:, [_KK, _RU]].max(axis=1) - foreign
    mixed &= over_foreign >= _LEAST_MARGIN
    return likeliest, np.where(mixed, over_foreign, margin), mixed


def _mixed(evidence: npt.NDArray[np.float32], starts: npt.NDArray[np.int64], counts: npt.NDArray[np.int64]) -> _Bools:
    """Which texts have enough words of both Kazakh and Russian."""
    kazakh, russian = evidence[:, _KK], evidence[:, _RU]
    # A word that is likelier of a third language speaks for neither.
    third = evidence[:, [_UK, _EN, _OTHER]].max(axis=1) > np.maximum(kazakh, russian) + 1
    lean = np.where(third, 0.0, kazakh - russian)
    before, after = np.r_[0.0, lean[:-1]], np.r_[lean[1:], 0.0]
    before[starts] = 0.0
    after[starts + counts - 1] = 0.0
    lean += _NEIGHBOURS * (before + after)
    of_each = np.stack([lean > _MIXED_NATS, lean < -_MIXED_NATS], axis=1)
    fewer = np.add.reduceat(of_each, starts, axis=0, dtype=np.int64).min(axis=1)
    enough: _Bools = fewer >= np.maximum(_MIXED_WORDS, _MIXED_SHARE * counts)
    return enough
