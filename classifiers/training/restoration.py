"""Estimate the table by which Kazakh gets its letters back, from plain texts.

    python -m classifiers.training.restoration TEXTS --out classifiers/kazakh/restoration.safetensors

`TEXTS` has kk.parquet with a column `text`. Used are texts that are written with Kazakh letters; a fifth of them, by a
hash, is held out, and the share of their words that come back right is printed. Words are written in each of the other
spellings and read back; where the reading differs, the weights of the right one are raised and those of the wrong one
lowered.

References: Collins (2002), Discriminative training methods for hidden Markov models: theory and experiments with
perceptron algorithms, EMNLP; Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from classifiers.errors import ClassifiersError, InputError
from classifiers.kazakh.beam import BUCKETS, LONGEST_WORD, Weights, decoded, features_of, spelt
from classifiers.kazakh.spelling import KAZAKH_LETTERS, LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, chat_latin
from classifiers.kazakh.table import read_weights, write_weights
from classifiers.kazakh.transliteration import (
    ALPHABET,
    BARE,
    CHAT,
    KINDS,
    OFFICIAL_2018,
    OFFICIAL_2021,
    in_capitals,
    rules,
)
from classifiers.training.languages import is_held_out

__all__ = [
    "RespeltWord",
    "estimate",
    "examples_of",
    "is_held_out",
    "is_proper",
    "proper_texts",
    "respelt_word",
    "right_words",
]

# A text with fewer Kazakh letters among its Cyrillic ones may be typed without some of them: it would teach that.
_PROPER = 0.10
_EPOCHS, _BATCH = 12, 1024
# Words of official Latin alphabets that are read as if in capitals, where I may be і or и.
_CAPITALS = 0.1
_WORD = re.compile(r"[^\W\d_]+")
_KINDS = (BARE, BARE, CHAT, CHAT, OFFICIAL_2021, OFFICIAL_2018)
_KEYBOARD = {letter: RUSSIAN_KEYBOARD.get(letter, letter) for letter in ALPHABET}


@dataclass(frozen=True, slots=True)
class RespeltWord:
    """A word in another spelling, the kind of that spelling, and the rules that read it rightly."""

    piece: str
    kind: int
    gold: tuple[int, ...]


def respelt_word(word: str, kind: int, letters: Mapping[str, str]) -> RespeltWord | None:
    """A word of small letters in another spelling; None where no rules lead back."""
    gold: list[int] = []
    pieces: list[tuple[str, str]] = []
    for letter in word:
        if letter not in letters:
            return None
        if letters[letter]:
            pieces.append((letters[letter], letter))
        elif pieces:
            pieces[-1] = (pieces[-1][0], pieces[-1][1] + letter)
    for piece, meant in pieces:
        number = rules().number.get((kind, piece, meant))
        if number is None:
            return None
        gold.append(number)
    return RespeltWord("".join(piece for piece, _ in pieces), kind, tuple(gold)) if gold else None


def letters_of(kind: int, rng: random.Random) -> Mapping[str, str]:
    """How one writer of such a spelling writes each letter."""
    if kind == CHAT:
        return chat_latin(rng)
    letters = {BARE: _KEYBOARD, OFFICIAL_2021: LATIN_2021, OFFICIAL_2018: LATIN_2018}[kind]
    shouts = kind != BARE and rng.random() < _CAPITALS
    return {letter: in_capitals(piece) for letter, piece in letters.items()} if shouts else letters


def examples_of(words: Sequence[str], rng: random.Random) -> Iterator[RespeltWord]:
    """The words, each in one of the spellings, in the given order; habits change every few words."""
    habits = chat_latin(rng)
    for number, word in enumerate(words):
        if number % 8 == 0:
            habits = chat_latin(rng)
        kind = rng.choice(_KINDS)
        example = respelt_word(word, kind, habits if kind == CHAT else letters_of(kind, rng))
        if example is not None and len(example.piece) <= LONGEST_WORD:
            yield example


def estimate(counts: Mapping[str, int], *, epochs: int = _EPOCHS, seed: int = 7) -> Weights:
    """Weights from words and how often they stand in texts: an averaged structured perceptron over hashed features."""
    rng = random.Random(seed)
    words = [word for word in sorted(counts) for _ in range(round(counts[word] ** 0.5))]
    weights = Weights(np.zeros(BUCKETS, np.float32), np.zeros(len(rules().pieces), np.float32))
    total = Weights(np.zeros_like(weights.table, np.float64), np.zeros_like(weights.rules, np.float64))
    batches = 0
    for epoch in range(epochs):
        rng.shuffle(words)
        examples = list(examples_of(words, rng))
        wrong = 0
        for start in range(0, len(examples), _BATCH):
            wrong += _corrected(weights, examples[start : start + _BATCH])
            if epoch or epochs == 1:  # the first epoch is far from where it ends
                total.table[:] += weights.table
                total.rules[:] += weights.rules
                batches += 1
        print(f"epoch {epoch + 1}: {wrong:,} of {len(examples):,} words read wrongly", file=sys.stderr, flush=True)
    return Weights(
        (total.table / max(1, batches)).astype(np.float32), (total.rules / max(1, batches)).astype(np.float32)
    )


def _corrected(weights: Weights, examples: Sequence[RespeltWord]) -> int:
    """Raise the weights of right readings and lower those of wrong ones; how many were wrong."""
    found = decoded(spelt([e.piece for e in examples], [e.kind for e in examples]), weights)
    wrong = [(e.gold, read) for e, read in zip(examples, found, strict=True) if list(e.gold) != read]
    for sign, side in ((1, 0), (-1, 1)):
        readings = [pair[side] for pair in wrong if pair[side]]
        if readings:
            np.add.at(weights.table, features_of(readings), np.float32(sign))
            np.add.at(weights.rules, np.concatenate([np.array(read) for read in readings]), np.float32(sign))
    return len(wrong)


def words_of_texts(texts: Iterable[str]) -> Iterator[str]:
    """Words of the texts in small letters, those with other letters than Kazakh ones left out."""
    known = frozenset(ALPHABET)
    for text in texts:
        yield from (
            word for word in _WORD.findall(text.lower()) if len(word) <= LONGEST_WORD and known.issuperset(word)
        )


def proper_texts(folder: Path) -> list[str]:
    """Distinct texts of `kk.parquet` that are written with Kazakh letters.

    Raises
    ------
    InputError
        If there is no such file, or no such text in it.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = folder / "kk.parquet"
    try:
        column = pq.read_table(file, columns=["text"])["text"].to_pylist()
    except (OSError, pa.ArrowException) as error:
        raise InputError(f"{file}: cannot be read ({error}). It is a Parquet file with a column `text`.") from error
    texts = [text for text in dict.fromkeys(column) if text and is_proper(text)]
    if not texts:
        raise InputError(f"{file}: no text with Kazakh letters in column `text`. Give texts in Kazakh.")
    return texts


def is_proper(text: str) -> bool:
    """Whether at least a tenth of the Cyrillic letters are Kazakh ones (of proper texts, a seventh are on average)."""
    letters = [char for char in text.lower() if char in _KEYBOARD]
    return sum(char in KAZAKH_LETTERS for char in letters) >= max(1, _PROPER * len(letters))


def right_words(texts: Iterable[str], weights: Weights, kind: int, *, seed: int = 1) -> tuple[int, int]:
    """Of the words of texts, written in another spelling, how many are read rightly, and how many there are.

    Habits of chats change with every text; here nothing tells the reader of them.
    """
    rng = random.Random(seed)
    words: Counter[RespeltWord | None] = Counter()
    for text in texts:
        letters = letters_of(kind, rng)
        words.update(respelt_word(word, kind, letters) for word in words_of_texts([text]))
    known = [example for example in words if example is not None]
    right = 0
    for start in range(0, len(known), _BATCH):
        part = known[start : start + _BATCH]
        found = decoded(spelt([e.piece for e in part], [kind] * len(part)), weights)
        right += sum(words[e] for e, read in zip(part, found, strict=True) if list(e.gold) == read)
    return right, words.total()


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, estimate, write, measure; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.restoration", description=__doc__)
    parser.add_argument("texts", type=Path, help="folder with kk.parquet")
    parser.add_argument("--out", type=Path, required=True, help="file to write")
    parser.add_argument(
        "--epochs", type=int, default=_EPOCHS, help=f"times that the words are read (default {_EPOCHS})"
    )
    parser.add_argument("--seed", type=int, default=7, help="of all draws (default 7)")
    given = parser.parse_args(arguments)
    try:
        texts = proper_texts(given.texts)
        counts = Counter(words_of_texts(text for text in texts if not is_held_out(text)))
        write_weights(estimate(counts, epochs=given.epochs, seed=given.seed), given.out)
        weights = read_weights(given.out.read_bytes(), str(given.out))
    except ClassifiersError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{given.out}: {len(counts):,} words that stand {counts.total():,} times in texts")
    held_out = [text for text in texts if is_held_out(text)]
    for kind, name in enumerate(KINDS):
        right, of = right_words(held_out, weights, kind)
        print(f"{name}: {right:,} of {of:,} words of held-out texts right ({right / max(1, of):.1%})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
