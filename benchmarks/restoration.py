"""What Kazakh spelling costs a model's labels, with and without `classifiers.kazakh.restoration`, as Markdown.

    python benchmarks/restoration.py POSTS [--real FILE] [--model DIR] [--seeds 3]

`POSTS` is a folder of posts in the format of `datasets/written`; its Kazakh ones are scored as they are, without their
letters, in the Latin alphabets of 2021 and 2018, and in Latin as so many people might write it in chats. The model that
ships was trained on these posts: only what respelling loses means something. `FILE` (JSON lines with `text`) has real
posts of which hardly any is a call; counted is how many are labelled one. `equal labels`: share of posts whose label is
that of the post as it is.
"""

import argparse
import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pyarrow as pa
from sklearn.metrics import f1_score

import classifiers
from classifiers import prediction
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.scores import forced_labels
from classifiers.examples import Example
from classifiers.kazakh.restoration import kind_of_spelling, restored_all
from classifiers.kazakh.spelling import LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, chat_latin, respell
from classifiers.normalise import Reading
from classifiers.prediction import Classifier
from classifiers.readings import Text
from classifiers.training.data import read_posts

_WORD = re.compile(r"[^\W\d_]+")


def spellings(texts: Sequence[str], seeds: int) -> Iterator[tuple[str, list[str]]]:
    """The texts in each spelling; in chats every post has a writer with habits of their own."""
    yield "as they are", list(texts)
    yield "without their letters", [respell(text, RUSSIAN_KEYBOARD).text for text in texts]
    yield "Latin of 2021", [respell(text, LATIN_2021).text for text in texts]
    yield "Latin of 2018", [respell(text, LATIN_2018).text for text in texts]
    for seed in range(1, seeds + 1):
        rng = random.Random(seed)
        yield f"Latin of chats, {seed}", [respell(text, chat_latin(rng)).text for text in texts]


def labels_of(model: Classifier, texts: Sequence[str], *, restoring: bool) -> pa.Table:
    """Labels with the reading of Kazakh spelling, or without it."""
    if restoring:
        return model.predict(texts, call_words=False)
    with patch.object(prediction, "as_read", lambda given, languages: [Text(t, t, Reading(t)) for t in given]):
        return model.predict(texts, call_words=False)


def right_words(texts: Sequence[str], written: Sequence[str]) -> float:
    """Share of the words of properly spelt texts that are read from another spelling as they were."""
    proper = [i for i, text in enumerate(texts) if kind_of_spelling(text) is None]
    right, words = 0, 0
    for i, reading in zip(proper, restored_all([written[i] for i in proper]), strict=True):
        before, after = (_WORD.findall(text) for text in (texts[i], reading.text))
        words += len(before)
        if len(before) == len(after):
            right += sum(a == b for a, b in zip(before, after, strict=True))
    return right / words


def score_lines(model: Classifier, posts: Sequence[Example], seeds: int) -> Iterator[str]:
    """A line for each spelling: each score without and with the reading."""
    texts = [post.text for post in posts]
    yield (
        "| posts | told as kk | words right | call: macro-F1, as given | restored "
        "| three labels: macro-F1, as given | restored | equal labels, as given | restored |"
    )
    yield "|---|" + "--:|" * 8
    first: list[str] | None = None
    for name, written in spellings(texts, seeds):
        tables = [labels_of(model, written, restoring=restoring) for restoring in (False, True)]
        first = first or tables[0]["label"].to_pylist()
        scores = [_scores(posts, table, first) for table in tables]
        told = tables[0]["lang"].to_pylist().count("kk")
        columns = " | ".join(f"{score:.3f}" for pair in zip(*scores, strict=True) for score in pair)
        yield f"| {name} | {told}/{len(texts)} | {right_words(texts, written):.3f} | {columns} |"


def _scores(posts: Sequence[Example], table: pa.Table, first: Sequence[str]) -> tuple[float, float, float]:
    """Macro-F1 of call or not and of three labels, without abstention; share of labels equal to the first ones."""
    calls = np.array([post.call == "call" for post in posts])
    truth = ["none" if p.call != "call" else "manipulative" if p.manipulative else "positive" for p in posts]
    scores = Predictions.of_labels("labels", table).scores
    call = f1_score(calls, scores["call"] > 0, average="macro")
    three = f1_score(truth, forced_labels(scores["call"], scores["manipulative"]), average="macro")
    same = np.mean([a == b for a, b in zip(first, table["label"].to_pylist(), strict=True)])
    return float(call), float(three), float(same)


def alarm_lines(model: Classifier, texts: Sequence[str]) -> Iterator[str]:
    """How many real posts are labelled a call, for each spelling."""
    yield "| real posts | labelled a call, as given | labelled a call, restored |"
    yield "|---|--:|--:|"
    for name, written in spellings(texts, 1):
        found = [
            labels_of(model, written, restoring=restoring)["call"].to_pylist().count("call")
            for restoring in (False, True)
        ]
        yield f"| {name} | {found[0]} of {len(texts)} | {found[1]} of {len(texts)} |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("posts", type=Path, help="folder of posts in the format of datasets/written")
    parser.add_argument("--real", type=Path, help="JSON lines with real Kazakh posts")
    parser.add_argument("--model", type=Path, help="model folder (default: the shipped one)")
    parser.add_argument("--seeds", type=int, default=3, help="how often chats are written anew (default 3)")
    given = parser.parse_args()
    model = classifiers.load(given.model) if given.model else classifiers.load()
    read = [post for file in sorted(given.posts.glob("*.jsonl")) for post in read_posts(file)]
    for line in score_lines(model, [post for post in read if post.lang == "kk"], given.seeds):
        print(line, flush=True)
    if given.real:
        rows = [json.loads(line)["text"] for line in given.real.read_text(encoding="utf-8").splitlines()]
        print()
        for line in alarm_lines(model, rows):
            print(line, flush=True)


if __name__ == "__main__":
    main()
