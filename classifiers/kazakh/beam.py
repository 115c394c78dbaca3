"""The likeliest Kazakh word behind another spelling: a beam search over letters, for many words at once.

A word is scored by its letters: one weight for each n-gram of up to six letters, for each beginning of the word, and
for each run of vowels (Kazakh vowels agree in harmony); and one for each rule by which a piece was read. The weights
are data (`restoration.safetensors`), hashed into one table; `classifiers.training.restoration` estimates them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.kazakh.transliteration import ALPHABET, rules

__all__ = ["BUCKETS", "LONGEST_WORD", "Spelt", "Weights", "decoded", "features_of", "spelt"]

BUCKETS = 1 << 20
LONGEST_WORD = 40
"""Letters of a word beyond which it is left as it is."""

_ORDERS = 6
_BOUND = 1
_ALL = (1 << 64) - 1
_BITS = 6  # of the code of a letter
_BEAM = 6
_FAR = 1e6  # no scores are so far apart
_IS_VOWEL = np.zeros(1 << _BITS, bool)
_IS_VOWEL[[ALPHABET.index(c) + 2 for c in "аәеёиоөуұүыіэюя"]] = True

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
_Codes = npt.NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Weights:
    """`table` (`BUCKETS`,) of hashed features of letters, `rules` (R,) of the rules of `transliteration.rules`."""

    table: Floats
    rules: Floats


@dataclass(frozen=True, slots=True)
class Spelt:
    """Words in another spelling: codes of their characters (W, longest), lengths (W,), kinds of spelling (W,)."""

    symbols: Ints
    lengths: Ints
    kinds: Ints


@dataclass(frozen=True, slots=True)
class _Past:
    """What is remembered of the letters before: the last six, all of them as a hash, the last three vowels."""

    recent: _Codes
    whole: _Codes
    vowels: _Codes

    def at(self, index: tuple[Ints, ...]) -> "_Past":
        return _Past(self.recent[index], self.whole[index], self.vowels[index])

    def then(self, letters: Ints) -> "_Past":
        new = letters.astype(np.uint64)
        recent = (self.recent << np.uint64(_BITS) | new) & np.uint64((1 << _BITS * _ORDERS) - 1)
        whole = (self.whole + new) * np.uint64(0x9E3779B97F4A7C15) ^ self.whole >> np.uint64(29)
        longer = (self.vowels << np.uint64(_BITS) | new) & np.uint64((1 << _BITS * 3) - 1)
        return _Past(recent, whole, np.where(_IS_VOWEL[letters], longer, self.vowels))

    def features(self) -> Iterator[Ints]:
        """Places in the table of what the last letter adds, one feature after the other."""
        grams = [self.recent & np.uint64((1 << _BITS * n) - 1) for n in range(1, _ORDERS + 1)]
        for kind, value in enumerate([*grams, self.whole, self.vowels << np.uint64(_BITS) | grams[0]], 1):
            known = value + np.uint64(kind * 0xD6E8FEB86659FD93 & _ALL)
            mixed = (known ^ known >> np.uint64(31)) * np.uint64(0xBF58476D1CE4E5B9)
            yield (mixed >> np.uint64(44)).astype(np.int64)

    def gain(self, weights: Weights) -> Floats:
        """What the last letter adds to the score."""
        gained = np.zeros(self.recent.shape, np.float32)
        for places in self.features():
            gained += weights.table[places]
        return gained


def _start(shape: tuple[int, ...]) -> _Past:
    return _Past(np.full(shape, _BOUND, np.uint64), np.full(shape, _BOUND, np.uint64), np.zeros(shape, np.uint64))


def spelt(words: Sequence[str], kinds: Sequence[int]) -> Spelt:
    """Words of 1 to `LONGEST_WORD` small letters as codes; a character that no rule knows is 0."""
    symbols = rules().symbols
    lengths = np.array([len(word) for word in words])
    codes = np.zeros((len(words), int(lengths.max(initial=0))), np.int64)
    for row, word in enumerate(words):
        codes[row, : len(word)] = [symbols.get(char, 0) for char in word]
    return Spelt(codes, lengths, np.array(kinds, np.int64))


def features_of(readings: Sequence[Sequence[int]]) -> Ints:
    """Places in the table of all that words read by these rules have, their ends included."""
    known = rules()
    words = [[code for i in numbers for code in (known.first[i], known.second[i]) if code] for numbers in readings]
    ends = np.array([len(word) for word in words])
    letters = np.full((len(words), int(ends.max(initial=0)) + 1), _BOUND)
    for row, word in enumerate(words):
        letters[row, : len(word)] = word
    past, found = _start((len(words),)), []
    for at in range(letters.shape[1]):
        past = past.then(letters[:, at])
        found += [places[ends >= at] for places in past.features()]
    return np.concatenate(found)


def decoded(words: Spelt, weights: Weights, bonus: Floats | None = None) -> list[list[int]]:
    """The numbers of the rules by which each word is read best; none where a word cannot be read.

    `bonus` (W, R) is added for each rule that a word is read by: habits of its writer.
    """
    count, longest = words.symbols.shape if len(words.lengths) else (0, 0)
    beams = [_Beam.first(count)]
    ends = np.full((count, 2), -1)
    for at in range(1, longest + 1):
        beams.append(_step(words, beams, at, weights, bonus))
        rows = np.flatnonzero(words.lengths == at)
        if len(rows):
            done = beams[-1].past.at((rows,)).then(np.full((len(rows), _BEAM), _BOUND))
            final = beams[-1].scores[rows] + done.gain(weights)
            best = final.argmax(axis=1)
            readable = final.max(axis=1) > -np.inf
            ends[rows[readable]] = np.stack([np.full(len(rows), at), best], axis=1)[readable]
    return _followed_back(beams, ends)


@dataclass(frozen=True, slots=True)
class _Beam:
    """The best readings of the words' first letters: scores (W, beam), pasts, and how each was reached."""

    scores: Floats
    past: _Past
    rule: Ints
    slot: Ints

    @classmethod
    def first(cls, count: int) -> "_Beam":
        scores = np.full((count, _BEAM), -np.inf, np.float32)
        scores[:, 0] = 0
        nowhere = np.full((count, _BEAM), -1)
        return cls(scores, _start((count, _BEAM)), nowhere, nowhere)


def _step(words: Spelt, beams: list[_Beam], at: int, weights: Weights, bonus: Floats | None) -> _Beam:
    """The beam after `at` characters, from those one and two characters before."""
    known = rules()
    rows = np.flatnonzero(words.lengths >= at)
    now = words.symbols[rows, at - 1]
    ways = [known.single[words.kinds[rows], now]]
    if at > 1:
        ways.append(known.double[words.kinds[rows], words.symbols[rows, at - 2], now])
    parts = []
    for back, numbers in enumerate(ways, 1):
        before = beams[at - back]
        open_ = (before.scores[rows] > -np.inf)[:, :, None] & (numbers >= 0)[:, None, :]
        row, slot, way = np.nonzero(open_)
        rule = numbers[row, way]
        scores, past = _read(before, (rows[row], slot), rule, weights)
        parts.append((rows[row], slot, rule, scores, past))
    row, slot, rule = (np.concatenate([part[i] for part in parts]) for i in range(3))
    scores = np.concatenate([part[3] for part in parts])
    if bonus is not None:
        scores += bonus[row, rule]
    pasts = [part[4] for part in parts]
    past = _Past(*(np.concatenate([getattr(p, name) for p in pasts]) for name in ("recent", "whole", "vowels")))
    return _pruned(len(words.lengths), row, slot, rule, scores, past)


def _read(before: _Beam, index: tuple[Ints, Ints], rule: Ints, weights: Weights) -> tuple[Floats, _Past]:
    known = rules()
    past = before.past.at(index).then(known.first[rule])
    scores = before.scores[index] + weights.rules[rule] + past.gain(weights)
    two = np.flatnonzero(known.second[rule])
    if len(two):
        longer = past.at((two,)).then(known.second[rule[two]])
        scores[two] += longer.gain(weights)
        for name in ("recent", "whole", "vowels"):
            getattr(past, name)[two] = getattr(longer, name)
    return scores, past


def _pruned(count: int, row: Ints, slot: Ints, rule: Ints, scores: Floats, past: _Past) -> _Beam:
    """The best of the candidates of each word."""
    # Stable, so that ties are broken by the order of slots and rules: the same words, the same reading.
    order = np.argsort(row * _FAR - scores, kind="stable")
    sorted_rows = row[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    kept = order[rank < _BEAM]
    to = (row[kept], rank[rank < _BEAM])
    beam = _Beam.first(count)
    beam.scores[:, 0] = -np.inf
    rules_, slots = beam.rule.copy(), beam.slot.copy()
    beam.scores[to] = scores[kept]
    rules_[to], slots[to] = rule[kept], slot[kept]
    for name in ("recent", "whole", "vowels"):
        getattr(beam.past, name)[to] = getattr(past, name)[kept]
    return _Beam(beam.scores, beam.past, rules_, slots)


def _followed_back(beams: list[_Beam], ends: Ints) -> list[list[int]]:
    sizes = rules().sizes
    all_rules = np.stack([beam.rule for beam in beams])
    all_slots = np.stack([beam.slot for beam in beams])
    at, slot = ends[:, 0].copy(), ends[:, 1].copy()
    steps: list[Ints] = []
    while (at > 0).any():
        rows = np.flatnonzero(at > 0)
        rule = np.full(len(at), -1)
        rule[rows] = all_rules[at[rows], rows, slot[rows]]
        slot[rows] = all_slots[at[rows], rows, slot[rows]]
        at[rows] -= sizes[rule[rows]]
        steps.append(rule)
    if not steps:
        return [[] for _ in ends]
    backwards = np.stack(steps[::-1], axis=1).tolist()
    return [[rule for rule in found if rule >= 0] for found in backwards]
