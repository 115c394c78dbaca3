"""Shares of manipulative calls, shrunk to those of an account's kind, and what the errors of labels leave of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from influence.errors import InputError

__all__ = ["BetaPriors", "beta_priors", "corrected_rate", "shrunk_rates"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class BetaPriors:
    """Beta priors (`alpha`, `beta`) and how probable each is given the data (`weight`, sums to 1); shape (priors,)."""

    alpha: Floats
    beta: Floats
    weight: Floats


def beta_priors(successes: NDArray[np.int64], trials: NDArray[np.int64]) -> BetaPriors:
    """Return the Beta priors that the counts of many accounts make probable.

    The prior's mean (0.001–0.9) and its weight in posts (1–200) are laid on a grid, even on the logit and the log
    scale, and each node is weighed by the beta-binomial likelihood of all counts. Averaging over the nodes, rather than
    taking the best one, keeps the intervals as wide as they must be when a kind has few accounts.

    References: Skellam (1948), J. R. Stat. Soc. B 10(2), 257–261; Gelman et al. (2013), Bayesian Data Analysis, 5.3.
    """
    means = special.expit(np.linspace(special.logit(0.001), special.logit(0.9), 25))
    weights = np.exp(np.linspace(0.0, np.log(200.0), 15))
    mean, weight = (grid.ravel() for grid in np.meshgrid(means, weights))
    a, b = mean * weight, (1 - mean) * weight
    # Accounts with equal counts share one term: there are far fewer pairs (k, n) than accounts.
    pairs, times = np.unique(np.stack([successes, trials]), axis=1, return_counts=True)
    k, n = pairs[0][:, None], pairs[1][:, None]
    likelihood = np.sum(times[:, None] * (special.betaln(k + a, n - k + b) - special.betaln(a, b)), axis=0)
    posterior = np.exp(likelihood - likelihood.max())
    posterior /= posterior.sum()
    kept = posterior > 1e-4
    return BetaPriors(a[kept], b[kept], posterior[kept] / posterior[kept].sum())


def shrunk_rates(
    successes: NDArray[np.int64], trials: NDArray[np.int64], priors: BetaPriors, *, confidence: float = 0.95
) -> tuple[Floats, Floats, Floats]:
    """Return posterior mean, low and high end (equal tails) of each account's rate, averaged over the priors."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence!r}.")
    a = priors.alpha + successes[:, None]
    b = priors.beta + (trials - successes)[:, None]
    tail = (1 - confidence) / 2

    def quantile(share: float) -> Floats:
        low, high = np.zeros(len(a)), np.ones(len(a))
        for _ in range(30):  # bisection: to 1e-9
            middle = (low + high) / 2
            below = special.betainc(a, b, middle[:, None]) @ priors.weight < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high

    return (a / (a + b)) @ priors.weight, quantile(tail), quantile(1 - tail)


_POSTERIOR = np.linspace(0.0, 1.0, 1001)
_RATES = np.linspace(0.0, 1.0, 501)


def corrected_rate(
    successes: int,
    trials: int,
    taken_for_calls: int,
    priors: BetaPriors,
    *,
    false: Floats,
    found: Floats | None = None,
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    """Return mean, low and high end (equal tails) of one account's true rate, with the errors of labels taken out.

    Parameters
    ----------
    successes, trials
        Posts labelled manipulative, and all labelled posts of the account.
    taken_for_calls
        Posts labelled positive or manipulative; at least `successes`.
    priors
        What `beta_priors` made of the accounts of its kind.
    false
        Equally likely values, shape (nodes,), in [0, 1): the chance that a post which is taken for a call, and is no
        manipulative one, is labelled manipulative.
    found
        Likewise the chance that a manipulative call is labelled so, shape (nodes,), combined with `false` node by
        node. None: 1, and the rate is a lower estimate, since what the model missed does not count.
    confidence
        In (0, 1).

    Returns
    -------
    mean, low, high
        Of the share of manipulative calls, each in [0, 1].

    Notes
    -----
    With q the share labelled manipulative, γ the share taken for calls, g a value of `false` and s one of `found`, the
    true share is (q - gγ) / (s - g), the estimator of Rogan and Gladen with a false-alarm rate that goes with how
    often the account calls at all. q has its posterior; pairs of q, g and s that give no share between 0 and 1
    contradict the data and have no weight.

    References: Rogan & Gladen (1978), Am. J. Epidemiol. 107(1), 71–76; Joseph, Gyorkos & Coupal (1995), Am. J.
    Epidemiol. 141(3), 263–272.

    Examples
    --------
    20 of 40 posts are labelled manipulative and 10 more as open calls. If one of ten open calls is mislabelled:

    >>> import numpy as np
    >>> priors = BetaPriors(np.ones(1), np.ones(1), np.ones(1))
    >>> [round(x, 2) for x in corrected_rate(20, 40, 30, priors, false=np.array([0.0]))]
    [0.5, 0.35, 0.65]
    >>> [round(x, 2) for x in corrected_rate(20, 40, 30, priors, false=np.array([0.1]))]
    [0.47, 0.31, 0.64]
    """
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence!r}.")
    a, b = priors.alpha + successes, priors.beta + (trials - successes)
    below = special.betainc(a, b, _POSTERIOR[:, None]) @ priors.weight
    alarms, width = false * taken_for_calls / trials, (1.0 if found is None else found) - false
    usable = width > 0
    alarms, width = alarms[usable, None], width[usable, None]
    at = np.interp(np.minimum(alarms + _RATES * width, 1.0), _POSTERIOR, below)
    within = at - at[:, :1]
    whole = float(within[:, -1].sum())
    if whole < 1e-9:  # fewer labels than false alarms alone would give: nothing is left of the rate
        return 0.0, 0.0, 0.0
    cumulated = within.sum(axis=0) / whole
    tail = (1 - confidence) / 2
    low, high = (float(np.interp(share, cumulated, _RATES)) for share in (tail, 1 - tail))
    return float(np.trapezoid(1 - cumulated, _RATES)), low, high
