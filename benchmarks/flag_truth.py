"""Accounts with a known share of manipulative calls, labelled by a model that errs: whom flags find, and whom wrongly.

    python benchmarks/flag_truth.py --runs 2000

An account is flagged wrongly when its true share of manipulative calls is not above the threshold. Its labels are
drawn from its true posts with stated chances of error; the card that the flags are corrected with is drawn anew for
each study from as few held-out posts as real cards have.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from influence.flags.judging import Accounts, judge
from influence.flags.label_errors import ErrorRate, LabelErrors
from influence.flags.rates import beta_priors, corrected_rate, shrunk_rates

__all__ = ["KINDS", "Study", "draw_study", "interval_runs", "main", "wrong_flags"]

Floats = npt.NDArray[np.float64]
KINDS = {"leader": (4.0, 16.0), "media": (2.0, 38.0), "ordinary": (3.0, 27.0)}
"""The Beta distribution of the true shares in each kind of account."""
_STUDY = 120
"""Accounts of a study."""


@dataclass(frozen=True)
class Study:
    """Accounts as the flags see them, their true shares, and the card of the model."""

    accounts: Accounts
    truth: Floats
    card: LabelErrors


def draw_study(
    random: np.random.Generator,
    *,
    false: float,
    found: float = 1.0,
    open_calls: float = 0.2,
    truth: Floats | None = None,
) -> Study:
    """Draw 120 accounts of 10 to 79 posts.

    `false`: chance that an open call is labelled manipulative, spread between accounts as Beta with the weight of 20
    posts; `found`: that a manipulative call is labelled so, else it is labelled none; `open_calls`: mean share of open
    calls; `truth`: the true shares instead of those of KINDS.
    """
    kinds = random.choice(list(KINDS), _STUDY).astype(object)
    shares = np.array([random.beta(*KINDS[kind]) for kind in kinds]) if truth is None else truth
    posts = random.integers(10, 80, _STUDY)
    manipulative = random.binomial(posts, shares)
    calls = random.binomial(posts - manipulative, random.beta(8 * open_calls, 8 * (1 - open_calls), _STUDY))
    own = random.beta(20 * false, 20 * (1 - false), _STUDY) if false else np.zeros(_STUDY)
    alarms, hits = random.binomial(calls, own), random.binomial(manipulative, found)
    labelled, taken = alarms + hits, calls + hits
    languages = np.full(_STUDY, "ru", dtype=object)
    accounts = Accounts(labelled, posts, taken, labelled, taken, kinds, languages)
    card = LabelErrors(
        false=(ErrorRate("real posts", "all", int(random.binomial(40, false)), 40),),
        found=ErrorRate("real posts", "all", int(random.binomial(15, found)), 15),
    )
    return Study(accounts, shares, card)


def interval_runs(
    runs: int, random: np.random.Generator, *, false: float, found: float = 1.0
) -> Iterator[tuple[float, float, float, float]]:
    """Yield value, low, high and truth of `runs` accounts, 40 a study; errors are taken out if there are any."""
    done = 0
    while done < runs:
        study = draw_study(random, false=false, found=found)
        k, n, calls = study.accounts.manipulative, study.accounts.posts, study.accounts.calls
        for i in range(min(40, runs - done)):
            members = study.accounts.kinds == study.accounts.kinds[i]
            priors = beta_priors(k[members], n[members])
            if not false:
                ends = tuple(float(end[0]) for end in shrunk_rates(k[[i]], n[[i]], priors))
            else:
                alarms, hits = study.card.joint_nodes(study.card.false[0])
                given = hits if found < 1 else None
                ends = corrected_rate(int(k[i]), int(n[i]), int(calls[i]), priors, false=alarms, found=given)
            yield ends[0], ends[1], ends[2], float(study.truth[i])
            done += 1


@dataclass(frozen=True)
class Wrong:
    """Of `accounts` with enough posts: flagged, and flagged with a true share that is not above the threshold."""

    accounts: int
    flagged: int
    wrongly: int


def wrong_flags(
    runs: int, random: np.random.Generator, *, corrected: bool, innocent: bool = False, **drawn: float
) -> Wrong:
    """Flag at the defaults, with errors taken out or not; `innocent`: nobody has a manipulative call at all."""
    accounts = flagged = wrongly = 0
    while accounts < runs:
        study = draw_study(random, truth=np.zeros(_STUDY) if innocent else None, **drawn)
        judged = judge(study.accounts, study.card if corrected else LabelErrors())
        accounts += _STUDY
        flagged += int(judged.flagged.sum())
        wrongly += int((judged.flagged & (study.truth <= 0.10)).sum())
    return Wrong(accounts, flagged, wrongly)


_SCENES: dict[str, dict[str, float | bool]] = {
    "labels without error": {"false": 0.0},
    "1 of 12 open calls mislabelled": {"false": 1 / 12},
    "1 of 12, and 3 of 10 manipulative calls missed": {"false": 1 / 12, "found": 0.7},
    "1 of 5 open calls mislabelled, 60% open calls": {"false": 0.2, "open_calls": 0.6},
    "nobody manipulates, 1 of 5 mislabelled, 60% open calls": {"false": 0.2, "open_calls": 0.6, "innocent": True},
}


def main(arguments: list[str] | None = None) -> int:
    """Print, scene by scene, who is flagged wrongly without and with errors taken out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=2000, metavar="N", help="accounts of each scene, at the least")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    print(
        "| labels | accounts | flagged wrongly, errors ignored | flagged wrongly, errors taken out |\n|---|---|---|---|"
    )
    for name, scene in _SCENES.items():
        cells = []
        for corrected in (False, True):
            random = np.random.default_rng([given.seed, *name.encode()])
            found = wrong_flags(given.runs, random, corrected=corrected, **scene)  # type: ignore[arg-type]
            cells.append(f"{found.wrongly} of {found.flagged}")
        print(f"| {name} | {found.accounts:,} | {cells[0]} | {cells[1]} |")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
