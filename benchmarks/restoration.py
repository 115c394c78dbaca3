"""Does it pay to give Kazakh its letters back before a model reads it? Scores of one model, as Markdown.

    python benchmarks/restoration.py DATA TEXTS [--model DIR] [--sample 25000] [--seed 1]

`DATA` is the folder that the sources of `train_default.toml` lie in; scored are its held-out written Kazakh posts: as
they are, without their letters, restored, and in Latin letters. `TEXTS` is a Parquet file of Kazakh texts, column
`text`. A word is restored to the most frequent one that loses its letters the same way, among those texts and the
written posts that were trained on; an unknown word letter by letter, by up to three letters on either side. No letter
more or less: places stay.
"""

import argparse
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from sklearn.metrics import f1_score

import classifiers
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.scores import forced_labels
from classifiers.examples import Example
from classifiers.spelling import KAZAKH_LETTERS, LATIN_2021, RUSSIAN_KEYBOARD, chat_latin, respell
from classifiers.training.config import read_config
from classifiers.training.data import load_examples

CONFIG = Path(__file__).parent / "train_default.toml"
_WORD = re.compile(r"[^\W\d_]+")
_AMBIGUOUS = frozenset(RUSSIAN_KEYBOARD.values())
_WIDTHS = (3, 2, 1, 0)


def bare(text: str) -> str:
    """A text without the letters that Russian keyboards lack."""
    return respell(text, RUSSIAN_KEYBOARD).text


class Restorer:
    """Gives words their Kazakh letters back, from counts of words that have them."""

    def __init__(self, counts: Counter[str]) -> None:
        self._words: dict[str, str] = {}
        for word, count in counts.most_common():
            if count > 1:
                self._words.setdefault(bare(word), word)
        self._around: dict[str, Counter[str]] = defaultdict(Counter)
        for word, count in counts.items():
            # A word without Kazakh letters may be one that was typed without them: it would teach the wrong thing.
            if KAZAKH_LETTERS & set(word):
                for letter, contexts in zip(word, self._contexts(bare(word)), strict=True):
                    for context in contexts:
                        self._around[context][letter] += count

    @staticmethod
    def _contexts(word: str) -> Iterable[list[str]]:
        padded = f"^^^{word}$$$"
        for at, letter in enumerate(word, 3):
            # The letter's own place is marked, so that contexts of different widths differ.
            yield [f"{padded[at - w : at]}_{padded[at : at + w + 1]}" for w in _WIDTHS] if letter in _AMBIGUOUS else []

    def __call__(self, text: str) -> str:
        """The text with Kazakh letters, as long as it was."""
        return _WORD.sub(lambda found: self._word(found[0]), text)

    def _word(self, word: str) -> str:
        small = word.lower()
        if len(small) != len(word):
            return word
        restored = self._words.get(small) or "".join(map(self._letter, small, self._contexts(small)))
        return "".join(new.upper() if old.isupper() else new for old, new in zip(word, restored, strict=True))

    def _letter(self, letter: str, contexts: list[str]) -> str:
        for context in contexts:
            if context in self._around:
                return self._around[context].most_common(1)[0][0]
        return letter


def learnt(texts: Iterable[str], examples: Iterable[Example]) -> Restorer:
    """A restorer from texts, and written posts at three times their weight."""
    counts = Counter(word for text in texts for word in _WORD.findall(text.lower()))
    for example in examples:
        for word in _WORD.findall(example.text.lower()):
            counts[word] += 3
    return Restorer(counts)


def score_lines(
    model: classifiers.Classifier, held_out: list[Example], variants: dict[str, list[str]]
) -> Iterable[str]:
    """A line for each variant: found language, macro-F1 of call and of three labels, agreement with the original."""
    calls = np.array([example.call == "call" for example in held_out])
    labels = ["none" if e.call != "call" else "manipulative" if e.manipulative else "positive" for e in held_out]
    yield "| posts | told as kk | call: macro-F1 | three labels: macro-F1 | same label as the original |"
    yield "|---|--:|--:|--:|--:|"
    before: list[str] | None = None
    for name, texts in variants.items():
        table = model.predict(texts)
        scores = Predictions.of_labels(name, table).scores
        now = table["label"].to_pylist()
        before = before or now
        call = f1_score(calls, scores["call"] > 0, average="macro")
        three = f1_score(labels, forced_labels(scores["call"], scores["manipulative"]), average="macro")
        same = np.mean([a == b for a, b in zip(before, now, strict=True)])
        told = table["lang"].to_pylist().count("kk")
        yield f"| {name} | {told}/{len(texts)} | {call:.3f} | {three:.3f} | {100 * same:.0f}% |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of the sources of train_default.toml")
    parser.add_argument("texts", type=Path, help="Parquet file of Kazakh texts")
    parser.add_argument("--model", type=Path, help="model folder (default: the shipped one)")
    parser.add_argument("--sample", type=int, default=25_000, help="texts to learn from (default 25000)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample and of chat spelling (default 1)")
    given = parser.parse_args()
    config = read_config(CONFIG)
    sources = tuple(source for source in config.sources if source.name.startswith("kk_") and source.name != "kk_real")
    examples = load_examples(config.model_copy(update={"sources": sources}), given.data)
    held_out = [example for example in examples if example.held_out]
    rng = random.Random(given.seed)
    column = pq.read_table(given.texts, columns=["text"])["text"].combine_chunks()
    rows = rng.sample(range(len(column)), min(given.sample, len(column)))
    restore = learnt(column.take(rows).to_pylist(), (example for example in examples if not example.held_out))
    texts = [example.text for example in held_out]
    variants = {
        "original": texts,
        "without its letters": [bare(text) for text in texts],
        "restored": [restore(bare(text)) for text in texts],
        "Latin 2021": [respell(text, LATIN_2021).text for text in texts],
        "Latin of chats": [respell(text, chat_latin(rng)).text for text in texts],
    }
    words = [word for text in texts for word in _WORD.findall(text.lower())]
    right = sum(restore(bare(word)) == word for word in words)
    print(f"{right}/{len(words)} words restored; {sum(bare(word) == word for word in words)} need nothing.\n")
    for line in score_lines(classifiers.load(given.model) if given.model else classifiers.load(), held_out, variants):
        print(line, flush=True)


if __name__ == "__main__":
    main()
