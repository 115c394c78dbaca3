"""Estimate the table by which languages are told apart, from plain texts and from translated programs.

    python -m classifiers.training.languages TEXT --catalogues FOLDER --out classifiers/languages.safetensors

`TEXT` has kk.parquet, ru.parquet, uk.parquet and en.parquet with a column `text`. `FOLDER` is searched for gettext
catalogues, `locale/<language>/LC_MESSAGES/*.mo`: any translated program will do, an installed Django (BSD) has some 800
messages in each of 90 languages; they stand for the languages that are not ours.

References: Cavnar & Trenkle (1994), N-gram-based text categorization; Duchi, Hazan & Singer (2011), AdaGrad, JMLR 12;
Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML.
"""

from __future__ import annotations

import argparse
import gettext
import random
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from classifiers.errors import ClassifiersError, InputError
from classifiers.evaluation.perturb import with_typos
from classifiers.examples import fraction
from classifiers.kazakh.spelling import LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, chat_latin, respell
from classifiers.language import words_of
from classifiers.ngrams import BUCKETS, CLASSES, gram_buckets

if TYPE_CHECKING:
    import scipy.sparse as sparse

__all__ = ["drawn_texts", "estimate", "is_held_out", "training_units"]

_HELD_OUT = 0.2
#: Texts of each language that are drawn.
_SAMPLE = {"kk": 45_000, "ru": 30_000, "en": 15_000, "uk": 20_000}
# How often a language's messages are drawn anew, in other windows: those that look like Kazakh most often.
_TURKIC, _SLAVIC = ("ky", "tt", "uz", "az", "tr", "mn", "tk", "tg"), ("be", "bg", "sr", "mk")
_TIMES = dict.fromkeys(_TURKIC, 6) | dict.fromkeys(_SLAVIC, 3)
_OWN_TIMES = {"kk": 1, "ru": 1, "uk": 24, "en": 0}
# A language detector meets fragments: each text is cut to so many words.
_WINDOWS = (1, 2, 3, 5, 8, 12, 30)
_MISTAKES = 0.15
_WEIGHTS = {"kk": 1.0, "ru": 1.0, "uk": 0.6, "en": 0.6, "other": 1.2}
_EPOCHS_FIRST, _EPOCHS, _RATE, _SHRINK = 4, 8, 0.25, 3e-4
# A unit that the first fit puts into another language by so many nats is left out of the second: real texts hold
# quotations and whole posts in the wrong language.
_CONTRADICTED = 2.0
_PLACES = re.compile(r"%(?:\(\w+\))?[a-z]|\{[^}]*\}|<[^>]+>|&\w+;")
_UZBEK = {"sh": "ш", "ch": "ч", "o'": "ў", "g'": "ғ", "o‘": "ў", "g‘": "ғ", "ya": "я", "yu": "ю", "yo": "ё"} | dict(
    zip("abdefghijklmnopqrstuvxyz", "абдефгҳижклмнопқрстувхйз", strict=True)
)
_UZBEK_LETTERS = re.compile("|".join(sorted(map(re.escape, _UZBEK), key=len, reverse=True)))

Unit = tuple[list[str], int]


def is_held_out(text: str) -> bool:
    """Whether a text is kept for measuring: a fifth of them, by a hash of the text."""
    return fraction("lang/" + text) < _HELD_OUT


def training_units(texts: Path, catalogues: Path, *, seed: int = 7) -> list[Unit]:
    """Words of pieces of texts, and the place of their language in `CLASSES`.

    Kazakh is drawn in all its spellings: 40% as it is, 25% without its letters, 15% in the alphabets of 2021 and 2018,
    20% in the Latin of chats. Texts that `is_held_out` names are left out.

    Raises
    ------
    InputError
        If a file of texts is missing, or the folder has no catalogue.
    """
    rng = random.Random(seed)
    messages = _messages(catalogues)
    if not messages:
        raise InputError(
            f"{catalogues}: no gettext catalogue (locale/<language>/LC_MESSAGES/*.mo). Name another folder."
        )
    units: list[Unit] = []
    for place, language in enumerate(CLASSES):
        for text in _drawn(language, texts, messages, rng):
            spelt = _spelt(text, rng) if language == "kk" else text
            words = words_of(with_typos(spelt) if rng.random() < _MISTAKES else spelt)
            if language in ("ru", "uk"):  # names of brands are not Russian
                words = [word for word in words if not word.isascii()]
            if words:
                units.append((_window(words, rng), place))
    return units


def _drawn(language: str, texts: Path, messages: dict[str, list[str]], rng: random.Random) -> Iterator[str]:
    if language == "other":
        for code in sorted(set(messages) - {"kk", "ru", "uk"}):
            if not code.startswith("en"):
                yield from messages[code] * _TIMES.get(code, 1)
        yield from [_in_cyrillic(text) for text in messages.get("uz", [])] * _TIMES["uz"]
        return
    own = drawn_texts(texts / f"{language}.parquet", _SAMPLE[language], rng, held_out=False)
    if language == "uk":  # tweets of a Ukrainian feed, most of them in Russian
        own = [text for text in own if _is_plainly_ukrainian(text)] * 8
    yield from own
    yield from messages.get(language, []) * _OWN_TIMES[language]


def drawn_texts(file: Path, number: int, rng: random.Random, *, held_out: bool) -> list[str]:
    """So many texts of a Parquet file's column `text`, drawn from those that are held out, or from the others.

    Raises
    ------
    InputError
        If there is no such file.
    """
    import pyarrow.parquet as pq

    if not file.is_file():
        raise InputError(f"{file}: no such file. It has the texts of one language, column text.")
    column = pq.read_table(file, columns=["text"])["text"].combine_chunks()
    # Texts are drawn before they are read: a file may hold a million, and a few thousand are wanted.
    share = _HELD_OUT if held_out else 1 - _HELD_OUT
    rows = rng.sample(range(len(column)), min(len(column), round(1.1 * number / share)))
    texts = [text for text in column.take(rows).to_pylist() if text and is_held_out(text) == held_out]
    return texts[:number]


def _messages(folder: Path) -> dict[str, list[str]]:
    """Distinct lines of the translations, by language, their places for values removed."""
    found: dict[str, dict[str, None]] = {}
    for file in sorted(folder.rglob("*.mo")):
        if file.parent.name == "LC_MESSAGES":
            with file.open("rb") as stream:
                catalogue: dict[Any, Any] = vars(gettext.GNUTranslations(stream))["_catalog"]
            lines = found.setdefault(file.parent.parent.name, {})
            for key, value in catalogue.items():
                if key and isinstance(value, str) and value != key:
                    cleaned = (line.strip() for line in _PLACES.sub("", value).split("\n"))
                    lines.update(dict.fromkeys(line for line in cleaned if len(line) > 2))
    return {code: list(lines) for code, lines in found.items()}


def _is_plainly_ukrainian(text: str) -> bool:
    letters = set(text.lower())
    return bool(letters & set("іїєґ")) and not letters & set("ыъэё")


def _in_cyrillic(text: str) -> str:
    """Uzbek, whose catalogues are in Latin letters, in Cyrillic ones."""
    return _UZBEK_LETTERS.sub(lambda found: _UZBEK[found[0]], text.lower())


def _spelt(text: str, rng: random.Random) -> str:
    drawn = rng.random()
    if drawn < 0.4:
        return text
    if drawn < 0.65:
        return respell(text, RUSSIAN_KEYBOARD).text
    if drawn < 0.8:
        return respell(text, LATIN_2021 if drawn < 0.75 else LATIN_2018).text
    return respell(text, chat_latin(rng)).text


def _window(words: list[str], rng: random.Random) -> list[str]:
    size = rng.choice(_WINDOWS)
    start = rng.randrange(max(1, len(words) - size + 1))
    return words[start : start + size]


def estimate(units: Sequence[Unit], *, seed: int = 0) -> npt.NDArray[np.float32]:
    """Weights of the n-grams, shape (`BUCKETS`, classes), in nats: a multinomial logistic regression by AdaGrad.

    Fitted twice: units that the first fit contradicts are left out of the second. Weights are the mean of those after
    the later half of the epochs.
    """
    features = _features([words for words, _ in units])
    classes = np.array([place for _, place in units])
    sizes = np.bincount(classes, minlength=len(CLASSES))
    wanted = np.array([_WEIGHTS[name] for name in CLASSES])
    weights = (wanted * len(classes) / np.maximum(sizes, 1) / len(CLASSES))[classes]
    first = _fitted(features, classes, weights, _EPOCHS_FIRST, seed)
    scores = features @ first
    kept = scores[np.arange(len(classes)), classes] >= scores.max(axis=1) - _CONTRADICTED
    table = _fitted(features[kept], classes[kept], weights[kept], _EPOCHS, seed)
    table -= table.mean(axis=1, keepdims=True)
    table[0] = 0
    return table


def _features(units: Iterable[list[str]]) -> sparse.csr_matrix:
    """How often each bucket's n-grams stand in each unit."""
    import scipy.sparse as sparse

    places: dict[str, int] = {}
    rows, columns = [], []
    for row, words in enumerate(units):
        for word in words:
            rows.append(row)
            columns.append(places.setdefault(word, len(places)))
    ones = np.ones(len(rows), np.float32)
    words_in = sparse.csr_matrix((ones, (rows, columns)), shape=(rows[-1] + 1, len(places)))
    orders, starts = gram_buckets(list(places))
    owner = np.repeat(np.arange(len(places)), np.diff(np.append(starts, len(orders[0]))))
    bucket = np.concatenate(orders)
    owner = np.tile(owner, len(orders))[bucket > 0]
    bucket = bucket[bucket > 0]
    grams = sparse.csr_matrix((np.ones(len(owner), np.float32), (owner, bucket)), shape=(len(places), BUCKETS))
    return sparse.csr_matrix(words_in @ grams)


def _fitted(
    features: sparse.csr_matrix,
    classes: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    epochs: int,
    seed: int,
) -> npt.NDArray[np.float32]:
    from classifiers.training.adagrad import one_epoch

    table = np.zeros((features.shape[1], len(CLASSES)), np.float32)
    squares = np.ones_like(table)
    mean = np.zeros_like(table)
    rng = np.random.default_rng(seed)
    for epoch in range(epochs):
        order = rng.permutation(len(classes))
        one_epoch(
            features.indptr, features.indices, features.data, classes, weights, order, _RATE, _SHRINK, table, squares
        )
        if epoch >= epochs // 2:
            mean += table
    return (mean / np.float32(epochs - epochs // 2)).astype(np.float32)


def write(table: npt.NDArray[np.float32], file: Path) -> None:
    """Write the table as small integers with one scale."""
    from safetensors.numpy import save_file

    shown = np.abs(table[table != 0])
    scale = np.float32(np.percentile(shown, 99.99) / 127)
    save_file(
        {"weights": np.clip(np.round(table / scale), -127, 127).astype(np.int8), "scale": np.array([scale])}, file
    )


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, estimate, write; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.languages", description=__doc__)
    parser.add_argument("texts", type=Path, help="folder with kk, ru, uk and en.parquet")
    parser.add_argument("--catalogues", type=Path, required=True, help="folder to search for gettext catalogues")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument("--seed", type=int, default=7, help="of all draws (default 7)")
    given = parser.parse_args(arguments)
    try:
        units = training_units(given.texts, given.catalogues, seed=given.seed)
    except ClassifiersError as error:
        print(error, file=sys.stderr)
        return 2
    write(estimate(units), given.out)
    print(f"{given.out}: {len(units):,} pieces of text, {sum(len(words) for words, _ in units):,} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
