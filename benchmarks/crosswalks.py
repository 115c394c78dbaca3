"""What a corpus behind a crosswalk adds to the lexical branch, in a cross-validation over real posts.

python benchmarks/crosswalks.py DATA

DATA is the folder that the sources of the two configurations lie in. A fold is scored by a branch that was fitted on
the other folds of all real posts and on the written ones; then on the corpus as well. What is printed is the score
without the corpus, the score with it, and the difference with its 95% interval (bootstrap over posts, paired).
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import Floats
from classifiers.examples import Example, fingerprint, fraction
from classifiers.lexical import OUTPUTS, counts, fit_counts
from classifiers.metrics import auc, average_precision, best_f1_threshold
from classifiers.scheme import TECHNIQUES
from classifiers.training.config import TrainingConfig, read_config
from classifiers.training.data import load_examples

HERE = Path(__file__).parent
FOLDS = 4
LOADED = "loaded_language"
Scored = Callable[[NDArray[np.int64]], float]


@dataclass(frozen=True)
class Posts:
    """N examples with their counts (N, F), and the fold of each; -1 is never scored."""

    examples: list[Example]
    matrix: Any
    folds: NDArray[np.int64]


def real_folds(config: TrainingConfig, data: Path) -> tuple[list[Example], NDArray[np.int64]]:
    """The examples of a configuration, and a fold for each real one: its source's own where it has folds."""
    every = config.model_copy(
        update={"sources": tuple(s.model_copy(update={"held_out": 0.0, "held_out_fold": None}) for s in config.sources)}
    )
    examples = load_examples(every, data)
    given: dict[tuple[str, str], int] = {}
    for source in config.used_sources():
        if source.held_out_fold is not None:
            lines = (data / source.path).read_text(encoding="utf-8").splitlines()
            rows = [json.loads(line) for line in lines if line.strip()]
            given |= {(source.name, str(row["id"])): int(row["fold"]) % FOLDS for row in rows}
    folds = [given.get((e.source, e.id), int(fraction(f"fold/{e.group}") * FOLDS)) if e.real else -1 for e in examples]
    return examples, np.array(folds)


def out_of_fold(base: Posts, more: Posts | None, outputs: Sequence[str]) -> Floats:
    """Log odds (N, outputs) of the posts that have a fold, by branches that saw neither them nor a copy of them."""
    from scipy import sparse

    found = np.full((len(base.examples), len(OUTPUTS)), np.nan)
    for fold in range(FOLDS):
        asked = np.flatnonzero(base.folds == fold)
        known = {fingerprint(base.examples[i].text) for i in asked}
        parts = [base] if more is None else [base, more]
        rows = [
            [i for i, e in enumerate(part.examples) if part.folds[i] != fold and fingerprint(e.text) not in known]
            for part in parts
        ]
        train = [part.examples[i] for part, own in zip(parts, rows, strict=True) for i in own]
        matrix = sparse.vstack([part.matrix[own] for part, own in zip(parts, rows, strict=True)], format="csr")
        labels = {name: [e.has(name) if name != "call" else e.is_call for e in train] for name in outputs}
        found[asked] = fit_counts(matrix, labels).scores_of(base.matrix[asked])
    return found


class Plain:
    """Scores without any corpus; a head is fitted once."""

    def __init__(self, base: Posts) -> None:
        self.base = base
        self.done = np.full((len(base.examples), len(OUTPUTS)), np.nan)
        self.names: set[str] = set()

    def scores(self, outputs: Sequence[str]) -> Floats:
        """Log odds (N, outputs) in which those of the named heads are filled in."""
        if more := [name for name in outputs if name not in self.names]:
            columns = [OUTPUTS.index(name) for name in more]
            self.done[:, columns] = out_of_fold(self.base, None, more)[:, columns]
            self.names.update(more)
        return self.done


def measures(posts: Posts, scores: Floats, techniques: Sequence[str]) -> dict[str, tuple[NDArray[np.int64], Scored]]:
    """The measures of the techniques, or of calls where there are none."""
    return technique_measures(posts, scores, techniques) if techniques else call_measures(posts, scores)


def call_measures(posts: Posts, scores: Floats) -> dict[str, tuple[NDArray[np.int64], Scored]]:
    """Average precision of calls, over all real posts that were not sampled for appeal words and by language."""
    truth = np.array([e.call == "call" for e in posts.examples])
    known = np.array([e.call is not None for e in posts.examples]) & (posts.folds >= 0)
    natural = known & np.array([not e.enriched for e in posts.examples])
    sets = {"call: AP": natural}
    for language in ("uk", "ru", "en"):
        rows = known & np.array([e.lang == language for e in posts.examples])
        # English calls are few outside of the posts that were sampled for appeal words, so those stand here too.
        sets[f"call: AP, {language}"] = rows if language == "en" else rows & natural
    column = scores[:, OUTPUTS.index("call")]

    def precision(i: NDArray[np.int64]) -> float:
        return average_precision(truth[i], column[i])

    return {name: (np.flatnonzero(rows), precision) for name, rows in sets.items()}


def technique_measures(
    posts: Posts, scores: Floats, names: Sequence[str]
) -> dict[str, tuple[NDArray[np.int64], Scored]]:
    """Mean AUC and macro-F1 of some techniques (thresholds of the other folds), and those of loaded language."""
    known = np.flatnonzero(np.array([e.complete for e in posts.examples]) & (posts.folds >= 0))
    truth = np.array([[bool(e.has(name)) for name in names] for e in posts.examples])
    own = scores[:, [OUTPUTS.index(name) for name in names]]
    named = np.zeros_like(truth)
    for fold in range(FOLDS):
        rest, rows = known[posts.folds[known] != fold], known[posts.folds[known] == fold]
        for column in range(len(names)):
            at, _ = best_f1_threshold(truth[rest, column], own[rest, column])
            named[rows, column] = own[rows, column] >= at

    def macro(i: NDArray[np.int64]) -> float:
        both, total = (truth[i] & named[i]).sum(0), truth[i].sum(0) + named[i].sum(0)
        return float(np.mean(2 * both / np.maximum(total, 1)))

    def mean_auc(i: NDArray[np.int64]) -> float:
        return float(np.nanmean([auc(truth[i, column], own[i, column]) for column in range(len(names))]))

    found: dict[str, tuple[NDArray[np.int64], Scored]] = {
        f"{len(names)} techniques: F1": (known, macro),
        f"{len(names)} techniques: AUC": (known, mean_auc),
    }
    if LOADED in names:
        column = names.index(LOADED)
        found[f"{LOADED}: AUC"] = (known, lambda i: auc(truth[i, column], own[i, column]))
        found[f"{LOADED}: F1"] = (known, lambda i: _f1(truth[i, column], named[i, column]))
    return found


def _f1(truth: NDArray[np.bool_], named: NDArray[np.bool_]) -> float:
    return float(2 * (truth & named).sum() / max(truth.sum() + named.sum(), 1))


def differences(
    before: dict[str, tuple[NDArray[np.int64], Scored]],
    after: dict[str, tuple[NDArray[np.int64], Scored]],
    *,
    samples: int,
) -> dict[str, tuple[int, float, float, float, float]]:
    """Of each measure: posts, score before, score after, and the ends of the 95% interval of the difference."""
    found = {}
    for name, (rows, old) in before.items():
        new, rng = after[name][1], np.random.default_rng(0)
        drawn = [rng.choice(rows, len(rows)) for _ in range(samples)]
        low, high = np.quantile([new(i) - old(i) for i in drawn], [0.025, 0.975])
        found[name] = (len(rows), old(rows), new(rows), float(low), float(high))
    return found


def main() -> None:
    """Print a line for each corpus and measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("data", type=Path, help="folder of the sources")
    parser.add_argument("--base", type=Path, default=HERE / "train_default.toml", help="what is trained on without")
    parser.add_argument("--corpora", type=Path, default=HERE / "crosswalks.toml", help="the corpora that are added")
    parser.add_argument("--only", nargs="*", help="names of corpora (default: each)")
    parser.add_argument("--outputs", nargs="*", choices=OUTPUTS, help="heads to measure (default: all that are taught)")
    parser.add_argument("--samples", type=int, default=500, help="bootstrap samples")
    given = parser.parse_args()
    examples, folds = real_folds(read_config(given.base), given.data)
    base = Posts(examples, counts([e.text for e in examples]), folds)
    print(f"{len(examples):,} posts, {(folds >= 0).sum():,} of them real and scored", flush=True)
    plain = Plain(base)
    for source in read_config(given.corpora).used_sources():
        if given.only and source.name not in given.only:
            continue
        begin = time.perf_counter()
        own = load_examples(TrainingConfig(sources=(source,)), given.data)
        # Heads that a corpus teaches nothing about stay as they were.
        taught = ["call"] if any(e.call is not None for e in own) else []
        taught += [name for name in TECHNIQUES if any(e.has(name) is not None for e in own)]
        asked = [name for name in taught if name in (given.outputs or OUTPUTS)]
        added = Posts(own, counts([e.text for e in own]), np.full(len(own), -1))
        before, after = plain.scores(asked), out_of_fold(base, added, asked)
        print(f"{source.name}: {len(own):,} texts, {time.perf_counter() - begin:.0f} s", flush=True)
        names = [name for name in asked if name != "call"]
        old, new = measures(base, before, names), measures(base, after, names)
        for name, (n, was, now, low, high) in differences(old, new, samples=given.samples).items():
            print(f"  {name:24} n={n:5,}  {was:.3f} -> {now:.3f}  [{low:+.3f}, {high:+.3f}]", flush=True)


if __name__ == "__main__":
    main()
