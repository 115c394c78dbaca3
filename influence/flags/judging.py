"""Who is above the threshold beyond chance and beyond false alarms: numbers only."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from influence.flags.label_errors import LabelErrors
from influence.flags.rates import BetaPriors, beta_priors, corrected_rate, shrunk_rates

__all__ = ["Accounts", "Judged", "corrected_for_misses", "judge"]

_MIN_ACTORS_OF_KIND = 5
Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Accounts:
    """Counts of accounts, arrays of one length (accounts,).

    `manipulative` of `posts` own posts bear that label, `calls` are labelled positive or manipulative;
    `manipulative_texts` and `call_texts` count different texts among these. `kinds` and `languages` are names.
    """

    manipulative: Whole
    posts: Whole
    calls: Whole
    manipulative_texts: Whole
    call_texts: Whole
    kinds: NDArray[np.object_]
    languages: NDArray[np.object_]


@dataclass(frozen=True)
class Judged:
    """Of each account: is it flagged, and by which step it was not; rate with its ends; chance of false alarms alone.

    `rate` is (accounts, 3): mean, low, high; zeros where an account was out before a rate was asked for. `p` and `q`
    are NaN where the model's card says nothing.
    """

    enough: Bools
    above: Bools
    flagged: Bools
    rate: Floats
    p: Floats
    q: Floats


def judge(
    accounts: Accounts,
    errors: LabelErrors,
    *,
    min_posts: int = 10,
    min_rate: float = 0.10,
    confidence: float = 0.95,
    q: float = 0.05,
) -> Judged:
    """Say which accounts are proposed.

    Three things are asked of an account with at least `min_posts` posts. The lower end of its share of posts labelled
    manipulative is above `min_rate`, shrunk to its kind (pooled over all where a kind has fewer than five accounts).
    It is still, with false alarms taken out at the rate of real held-out posts (`rates.corrected_rate`). And its
    labels are more than false alarms alone give among its posts taken for calls, at the rate of the held-out posts
    that were hardest (`LabelErrors.chance_of`), with a false discovery rate of `q` over all accounts that have enough
    posts. Where the card says nothing of errors, the first alone decides.

    References: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57(1), 289–300.
    """
    k, n, size = accounts.manipulative, accounts.posts, len(accounts.posts)
    enough = n >= min_posts
    rate, p = np.zeros((size, 3)), np.where(enough & bool(errors.false), 1.0, np.nan)
    above, asked = np.zeros(size, dtype=bool), enough & (k > 0)
    for kind in set(accounts.kinds[asked]):
        priors = _priors(accounts, kind)
        own = np.flatnonzero((accounts.kinds == kind) & asked)
        rate[own] = np.stack(shrunk_rates(k[own], n[own], priors, confidence=confidence), axis=1)
        for i in own[rate[own, 1] > min_rate]:
            rate[i] = _without_false_alarms(accounts, int(i), priors, errors, confidence, rate[i])
        above[own] = rate[own, 1] > min_rate
    for i in np.flatnonzero(asked):
        counts = int(accounts.manipulative_texts[i]), int(accounts.call_texts[i])
        chance = errors.chance_of(*counts, accounts.languages[i])
        p[i] = np.nan if chance is None else chance[0]
    adjusted = _false_discovery(p)
    return Judged(enough, above, above & ~(adjusted > q), rate, p, adjusted)


def _priors(accounts: Accounts, kind: object) -> BetaPriors:
    """What the accounts of a kind make probable; all accounts, where the kind has few."""
    members = accounts.kinds == kind
    if members.sum() < _MIN_ACTORS_OF_KIND:
        members = np.ones(len(members), dtype=bool)
    return beta_priors(accounts.manipulative[members], accounts.posts[members])


def corrected_for_misses(
    accounts: Accounts, i: int, errors: LabelErrors, *, confidence: float = 0.95
) -> tuple[float, float, float] | None:
    """Return mean, low and high end of an account's share of manipulative calls, those that the model missed included.

    None where the card does not say how many it misses, or where finds are no more frequent than mistakes. The share
    of calls that is found was measured on very few, so the interval is wide; no account is flagged because of it.
    """
    typical = errors.typical(accounts.languages[i])
    if typical is None or errors.found is None:
        return None
    k, n, calls = (int(column[i]) for column in (accounts.manipulative, accounts.posts, accounts.calls))
    false, found = errors.joint_nodes(typical)
    priors = _priors(accounts, accounts.kinds[i])
    ends = corrected_rate(k, n, calls, priors, false=false, found=found, confidence=confidence)
    # No share of manipulative calls explains these labels where mistakes are as frequent as finds: it is not known.
    return ends if ends[2] > 0 else None


def _without_false_alarms(
    accounts: Accounts, i: int, priors: BetaPriors, errors: LabelErrors, confidence: float, plain: Floats
) -> Floats:
    typical = errors.typical(accounts.languages[i])
    if typical is None:
        return plain
    k, n, calls = (int(column[i]) for column in (accounts.manipulative, accounts.posts, accounts.calls))
    ends = corrected_rate(k, n, calls, priors, false=typical.nodes(), confidence=confidence)
    # γ is a sample: where q may lie above it, the formula would raise a rate. Taking mistakes out never does.
    return np.minimum(ends, plain)


def _false_discovery(p: Floats) -> Floats:
    """Benjamini–Hochberg q-values of the chances that are known; NaN elsewhere."""
    adjusted, known = np.full(len(p), np.nan), np.flatnonzero(~np.isnan(p))
    order = known[np.argsort(p[known], kind="stable")]
    # The factor first: p * n / n may be a hair below p.
    raised = p[order] * (len(order) / np.arange(1, len(order) + 1))
    adjusted[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return adjusted
