"""How near unions from sizes and pairs come to the truth: synthetic surveys of 1,007 people and 12 sources.

Prints, for unions of 2, 3, 4 and 6 sources, the mean absolute error in points of the population of each method, and how
often and how wide the range holds the truth. The truth is the union among the respondents themselves.
"""

from __future__ import annotations

import argparse
from itertools import combinations

import numpy as np
import numpy.typing as npt

from graphs.reaching.joint import beta_binomial_union
from graphs.reaching.unions import union_bounds

SOURCES, RESPONDENTS = 12, 1007
SIZES = (2, 3, 4, 6)
METHODS = ("bare sum", "independence", "beta-binomial", "sizes and pairs")
POPULATIONS = ("one trait", "two camps", "heavy users", "three classes")

Bools = npt.NDArray[np.bool_]


def survey(rng: np.random.Generator, kind: str) -> Bools:
    """Return who of the respondents uses which source, shape (respondents, sources)."""
    news, heavy, age = rng.normal(size=(3, RESPONDENTS))
    camp = np.where(rng.random(RESPONDENTS) < 0.6, 1.0, -1.0)
    level = np.select([news > 1, news < -0.3], [1.6, -1.3], 0.0)
    used = np.zeros((RESPONDENTS, SOURCES), dtype=bool)
    for source in range(SOURCES):
        sign, own = (1 if source % 2 else -1), rng.normal(size=RESPONDENTS)
        score = {
            "one trait": 0.9 * news + own,
            "two camps": 0.6 * news + 0.9 * sign * camp + 0.4 * age * (1 if source % 3 else -1) + own,
            "heavy users": 0.9 * np.log1p(np.exp(2 * news)) + 0.5 * heavy * (source % 4 == 0) + own,
            "three classes": level + 0.4 * age * (1 if source % 3 else -1) + own,
        }[kind]
        used[:, source] = score > np.quantile(score, 1 - rng.uniform(0.04, 0.55))
    return used


def errors(used: Bools, chosen: tuple[int, ...]) -> tuple[dict[str, float], bool, float]:
    """Return the error of each method (points), whether the range holds the truth, and its width (points)."""
    part = used[:, list(chosen)]
    truth, sizes = 100 * part.any(axis=1).mean(), part.mean(axis=0)
    pairs = {(i, j): float((part[:, i] & part[:, j]).mean()) for i, j in combinations(range(len(chosen)), 2)}
    union = union_bounds((100 * sizes).tolist(), population=100, overlaps={p: 100 * x for p, x in pairs.items()})
    found = {
        "bare sum": min(100.0, 100 * float(sizes.sum())),
        "independence": 100 * float(1 - np.prod(1 - sizes)),
        "beta-binomial": 100 * beta_binomial_union(sizes.tolist(), pairs),
        "sizes and pairs": union.value or 0.0,
    }
    holds = union.low - 1e-6 <= truth <= union.high + 1e-6
    return {name: abs(value - truth) for name, value in found.items()}, holds, union.high - union.low


def measure(samples: int, seed: int) -> list[str]:
    """Return the lines of the table."""
    rng = np.random.default_rng(seed)
    lines = [f"{'population':<14} {'k':>2} " + " ".join(f"{name:>16}" for name in METHODS) + "  range holds  width"]
    for kind in POPULATIONS:
        used = survey(rng, kind)
        for k in SIZES:
            every = list(combinations(range(SOURCES), k))
            chosen = [every[i] for i in rng.permutation(len(every))[:samples]]
            results = [errors(used, subset) for subset in chosen]
            means = [np.mean([result[0][name] for result in results]) for name in METHODS]
            held, width = np.mean([result[1] for result in results]), np.mean([result[2] for result in results])
            lines.append(
                f"{kind:<14} {k:>2} " + " ".join(f"{x:16.2f}" for x in means) + f" {100 * held:11.1f}% {width:6.1f}"
            )
    return lines


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--samples", type=int, default=200, help="unions of each size, at random")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    print("\n".join(measure(given.samples, given.seed)))


if __name__ == "__main__":
    main()
