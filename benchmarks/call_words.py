"""Measure the words that carry a call: against what annotators quoted, by faithfulness, and in time.

    python benchmarks/call_words.py FOLDER [--config benchmarks/train_default.toml] [--model DIR] [--held-out]

FOLDER holds the sources of the configuration; their files of calls have the annotators' `quote`. Posts are those that
the model holds for calls (log odds above 0.5) and that have several sentences. Of each method one sentence a post is
compared with the quote, word by word, means over posts; comprehensiveness and sufficiency (DeYoung et al. 2020, ACL)
are what the probability of a call loses without the sentence, and with nothing but it. "pointed at" is the sentence
that the token scores point at, each post by a head that was fitted to the quotes of the other four fifths.
"""

import argparse
import json
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_WORD = re.compile(r"\w+")


def read_calls(folder: Path, config: Path, *, held_out: bool) -> list[tuple[str, str]]:
    """Text and quote of each labelled call, of posts that the model was not trained on where that is asked for."""
    from classifiers.training.config import read_config
    from classifiers.training.data import load_examples

    settings, quotes = read_config(config), {}
    for source in settings.sources:
        file = folder / source.path
        for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
            row = json.loads(line)
            if row.get("quote"):
                quotes[source.name, str(row["id"])] = row["quote"]
    found = []
    for post in load_examples(settings, folder):
        quote = quotes.get((post.source, post.id))
        if post.call == "call" and quote and quote in post.text and (post.held_out or not held_out):
            found.append((post.text, quote))
    return found


def agreement(text: str, quote: str, place: tuple[int, int]) -> tuple[float, float, float]:
    """Precision, recall and F1 of the words of a place against those of the quote."""
    start = text.index(quote)
    words = [match.span() for match in _WORD.finditer(text)]
    truth = {word for word in words if word[0] < start + len(quote) and start < word[1]}
    given = {word for word in words if word[0] < place[1] and place[0] < word[1]}
    both = len(truth & given)
    precision, recall = both / max(1, len(given)), both / max(1, len(truth))
    return precision, recall, 2 * both / max(1, len(truth) + len(given))


def compare(classifier: Any, exact: Any, calls: Sequence[tuple[str, str]]) -> list[tuple[str, Floats]]:
    """For each method the means of precision, recall, F1, share of posts that meet the quote, comprehensiveness and
    sufficiency; `exact` is the same model computed by torch, whose head can be changed.
    """
    from classifiers.call_words import CANDIDATES, sentence_log_odds
    from classifiers.segments import sentences

    random = np.random.default_rng(0)
    tokens = out_of_fold(exact, calls)
    whole = classifier.raw_scores([text for text, _ in calls]).call
    of_method: dict[str, list[tuple[float, ...]]] = {}
    for (text, quote), log_odds, of_text in zip(calls, whole.tolist(), tokens, strict=True):
        places = sentences(text)
        if log_odds <= 0.5 or len(places) < 2:
            continue
        parts = [text[a:b] for a, b in places]
        alone = classifier.raw_scores(parts).call
        without = classifier.raw_scores([f"{text[:a]} {text[b:]}" for a, b in places]).call
        candidates = set(np.argsort(-alone, kind="stable")[:CANDIDATES].tolist())
        among = np.array([-score if i in candidates else -np.inf for i, score in enumerate(without)])
        methods: dict[str, Any] = {"random": random.random(len(parts)), "longest": [len(part) for part in parts]}
        if classifier.lexical is not None:
            methods["lexical branch"] = classifier.lexical.scores(parts)[:, 0]
        methods |= {"alone": alone, "each left out": -without, "two left out": among}
        methods["pointed at"] = sentence_log_odds(of_text, places)
        for name, scores in methods.items():
            best = int(np.argmax(scores))
            lost, kept = _probability(log_odds) - _probability(without[best]), _probability(alone[best])
            precision, recall, f1 = agreement(text, quote, places[best])
            row = precision, recall, f1, float(precision > 0), lost, _probability(log_odds) - kept
            of_method.setdefault(name, []).append(row)
    return [(f"{name} (n={len(rows)})", np.mean(rows, axis=0)) for name, rows in of_method.items()]


def out_of_fold(classifier: Any, calls: Sequence[tuple[str, str]], folds: int = 5) -> list[Any]:
    """Token scores of each post by a head that was not fitted to its quote; the network stays the same."""
    from classifiers.examples import Example, fraction
    from classifiers.training.call_words import fit_call_words

    posts = []
    for text, quote in calls:
        start = text.index(quote)
        posts.append(Example(text, text, "und", "calls", call="call", quote=(start, start + len(quote))))
    fold_of = [int(folds * fraction(post.text)) for post in posts]
    found: list[Any] = [None] * len(posts)
    kept = {name: tensor.clone() for name, tensor in classifier.network.spans.state_dict().items()}
    for fold in range(folds):
        fit_call_words(
            classifier.network, classifier.encoder, [p for p, f in zip(posts, fold_of, strict=True) if f != fold]
        )
        own = [i for i, f in enumerate(fold_of) if f == fold]
        for i, scores in zip(own, classifier.raw_scores([posts[i].text for i in own]).tokens, strict=True):
            found[i] = scores
    classifier.network.spans.load_state_dict(kept)
    return found


def _probability(log_odds: float) -> float:
    return float(1 / (1 + np.exp(-log_odds)))


def seconds(classifier: Any, texts: Sequence[str]) -> tuple[float, float, float]:
    """Seconds of labels without the words of calls and with them, and the share of posts that have a call's label."""
    classifier.predict(texts[:8])
    started = time.perf_counter()
    classifier.predict(texts, call_words=False)
    between = time.perf_counter()
    labels = classifier.predict(texts)["label"].to_pylist()
    share = sum(label != "none" for label in labels) / max(1, len(labels))
    return between - started, time.perf_counter() - between, share


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--config", type=Path, default=Path(__file__).with_name("train_default.toml"))
    parser.add_argument("--model", default=None)
    parser.add_argument("--held-out", action="store_true")
    parser.add_argument("--timed", type=int, default=400, help="posts of the first source that are timed")
    given = parser.parse_args()

    import classifiers
    from classifiers.training.config import read_config
    from classifiers.training.data import load_examples

    classifier = classifiers.load(given.model, device="cpu", runtime="onnx")
    exact = classifiers.load(given.model, device="cpu", runtime="torch")
    calls = read_calls(given.folder, given.config, held_out=given.held_out)
    print(f"{'':28}precision  recall  F1    met   comprehensiveness  sufficiency")
    for name, (precision, recall, f1, met, lost, kept) in compare(classifier, exact, calls):
        print(f"{name:28}{precision:.3f}      {recall:.3f}   {f1:.3f} {met:.3f} {lost:.3f}              {kept:.3f}")
    if given.timed:
        settings = read_config(given.config)
        posts = load_examples(settings, given.folder)
        texts = [post.text for post in posts if post.source == settings.sources[0].name][: given.timed]
        plain, full, share = seconds(classifier, texts)
        print(
            f"{len(texts)} posts: {plain:.1f} s, with words of calls {full:.1f} s ({full / plain - 1:+.0%}); ", end=""
        )
        print(f"{share:.1%} labelled as calls or undetermined")


if __name__ == "__main__":
    main()
