"""Who holds which of several audiences: the joint distribution fitted to sizes and measured duplications.

Tables of the 2^k combinations with given sizes and pairs, nearest to one of three bases (`fit_joint`):

- flat: maximum entropy;
- beta-binomial: every person has one chance to be in any audience (Metheringham's model of exposure);
- latent trait: people differ in one propensity (interest in news, time), each audience loads on it in its own way.

The beta-binomial of Metheringham is here too, as the yardstick of media planning (`beta_binomial_union`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import optimize, special

__all__ = [
    "BETA_BINOMIAL",
    "COPULA",
    "LATENT_TRAIT",
    "MAXIMUM_ENTROPY",
    "MOST_CELLS",
    "Joint",
    "LatentTrait",
    "beta_binomial_union",
    "cells",
    "choose_base",
    "fit_joint",
    "fit_latent",
    "rake",
]

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
Pairs = Mapping[tuple[int, int], float]
"""Share of the population in both of two audiences, by their positions, the smaller first."""

MOST_CELLS = 12
"""Audiences of which all 2^k combinations are laid out; more of them are held by the latent trait alone."""

_NODES, _WEIGHTS = special.roots_hermitenorm(41)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()
_EDGE = 1e-6
"""Shares of the population are kept this far from nobody and from everybody."""


@cache
def cells(k: int) -> BoolArray:
    """Return the 2^k combinations of k audiences, shape (2^k, k): the row's bits say who holds the reader."""
    held: BoolArray = (np.arange(2**k)[:, None] >> np.arange(k) & 1).astype(bool)
    return held


# -- latent trait -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class LatentTrait:
    """A one-factor probit model: a person with trait t is in audience i with probability `Phi(c_i + d_i t)`.

    `thresholds` (standardised) and `loadings` (correlation with the trait, -1 to 1) have one value for each audience.
    """

    thresholds: FloatArray
    loadings: FloatArray

    def given_trait(self) -> FloatArray:
        """Return the probabilities to be in each audience at the nodes of the trait, shape (nodes, k)."""
        rest = np.sqrt(1 - self.loadings**2)
        inside: FloatArray = special.ndtr((self.thresholds + self.loadings * _NODES[:, None]) / rest)
        return inside

    def pair(self, i: int, j: int) -> float:
        """Return the share of people in both of two audiences."""
        inside = self.given_trait()
        return float(_WEIGHTS @ (inside[:, i] * inside[:, j]))

    def union(self, chosen: Sequence[int]) -> float:
        """Return the share of people in at least one of the chosen audiences."""
        outside = np.log1p(-np.minimum(self.given_trait()[:, list(chosen)], 1 - 1e-15)).sum(axis=1)
        return float(-(_WEIGHTS @ np.expm1(outside)))

    def table(self) -> FloatArray:
        """Return the probabilities of the 2^k combinations."""
        held, inside = cells(len(self.thresholds)), np.clip(self.given_trait(), 1e-12, 1 - 1e-12)
        logs = np.log(inside) @ held.T.astype(float) + np.log1p(-inside) @ (~held).T.astype(float)
        joint: FloatArray = _WEIGHTS @ np.exp(logs)
        total: FloatArray = joint / joint.sum()
        return total


def fit_latent(margins: FloatArray, pairs: Pairs) -> LatentTrait:
    """Fit loadings to the measured pairs by least squares; the sizes are met exactly.

    An audience without a measured pair loads zero: nothing is known of it but its size.
    References: Bock & Lieberman (1970), Psychometrika 35(2), 179-197; Emrich & Piedmonte (1991), The American
    Statistician 45(4), 302-304, on binary variables from a normal trait.
    """
    p = np.clip(margins, _EDGE, 1 - _EDGE)
    thresholds = special.ndtri(p)
    measured = sorted({i for pair in pairs for i in pair})
    loadings = np.zeros(len(p))
    if not measured:
        return LatentTrait(thresholds, loadings)
    rows, columns = (np.array([pair[side] for pair in pairs]) for side in (0, 1))
    target = np.array(list(pairs.values()))
    # In units of the sampling error of a pair, so that small audiences count as much as large ones.
    scale = np.sqrt(np.maximum(p[rows] * p[columns], 1e-4))

    def misfit(chosen: FloatArray) -> FloatArray:
        loadings[measured] = np.tanh(chosen)
        inside = LatentTrait(thresholds, loadings).given_trait()
        found = (_WEIGHTS[:, None] * inside[:, rows] * inside[:, columns]).sum(axis=0)
        # A weak pull to a common loading settles what one pair alone cannot.
        return np.append((found - target) / scale, 1e-3 * (chosen - chosen.mean()))

    start = np.full(len(measured), 0.5 if (target - p[rows] * p[columns]).sum() >= 0 else 0.05)
    fitted = optimize.least_squares(misfit, start, bounds=(-2.3, 2.3), max_nfev=25, ftol=1e-6, xtol=1e-6)
    loadings[measured] = np.tanh(fitted.x)
    return LatentTrait(thresholds, loadings.copy())


# -- tables of combinations -------------------------------------------------------------------------------------------


def rake(base: FloatArray, margins: FloatArray, pairs: Pairs) -> FloatArray:
    """Return the table nearest to `base` (by Kullback-Leibler divergence) with these sizes and pairs.

    From a flat `base` this is maximum entropy. Constraints that contradict each other (figures of different sources)
    are met as nearly as can be: a small ridge on the multipliers keeps the solution finite.
    References: Csiszar (1975), Annals of Probability 3(1), 146-158; Darroch & Ratcliff (1972), Annals of Mathematical
    Statistics 43(5), 1470-1480.
    """
    k = len(margins)
    held = cells(k)
    columns = [held[:, i] for i in range(k)] + [held[:, i] & held[:, j] for i, j in pairs]
    features = np.column_stack(columns).astype(np.float64)
    target = np.concatenate([np.clip(margins, _EDGE, 1 - _EDGE), np.array(list(pairs.values()))])
    log_base = np.log(np.maximum(base, 1e-300))
    ridge = 1e-7
    theta = np.zeros(features.shape[1])

    def state(at: FloatArray) -> tuple[float, FloatArray]:
        logs = log_base + features @ at
        top = logs.max()
        weights = np.exp(logs - top)
        total = weights.sum()
        return float(top + np.log(total) - at @ target + ridge / 2 * at @ at), weights / total

    value, table = state(theta)
    for _ in range(200):
        mean = features.T @ table
        gradient = mean - target + ridge * theta
        if np.abs(gradient).max() < 1e-9:
            break
        curvature = (features * table[:, None]).T @ features - np.outer(mean, mean)
        curvature[np.diag_indices_from(curvature)] += ridge
        step = np.linalg.solve(curvature, gradient)
        length = 1.0
        while length > 1e-6:
            trial, trial_table = state(theta - length * step)
            if trial <= value - 1e-4 * length * (gradient @ step):
                break
            length /= 2
        else:
            break
        theta, value, table = theta - length * step, trial, trial_table
    return table


# -- the chosen model -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Joint:
    """A distribution over combinations of audiences: `held` (rows, k) with `weights` (rows) that sum to 1.

    The rows are all 2^k combinations, or draws with equal weights where there are too many of them.
    """

    held: BoolArray
    weights: FloatArray
    name: str

    def share(self, any_of: Sequence[int], none_of: Sequence[int] = ()) -> float:
        """Return the share of people in at least one of `any_of` and in none of `none_of`."""
        inside = self.held[:, list(any_of)].any(axis=1)
        if none_of:
            inside &= ~self.held[:, list(none_of)].any(axis=1)
        return float(self.weights[inside].sum())


MAXIMUM_ENTROPY = "maximum entropy"
BETA_BINOMIAL = "beta-binomial"
LATENT_TRAIT = "latent trait"
COPULA = "normal copula"

_COMPETING, _HELD_OUT = 8, 6
_DRAWS = 2**15


def fit_joint(margins: Sequence[float], pairs: Pairs, *, base: str | None = None) -> Joint:
    """Fit the joint distribution of several audiences to their sizes and measured pairs.

    Parameters
    ----------
    margins
        Shares of the population in each audience.
    pairs
        Shares in both of two audiences, the smaller position first; pairs may be left out.
    base
        What `choose_base` said of these or more audiences; None to choose now.

    Returns
    -------
    Joint
        Up to 12 audiences: the table with these sizes and pairs that is nearest to a base table. Three bases compete:
        flat (maximum entropy), beta-binomial (Metheringham's exposure model, the same for all audiences) and latent
        trait: see `choose_base`. If one of the latter wins, the mean of its table and of maximum entropy is taken:
        pairs cannot tell how three and more audiences go together, and there the two err in opposite ways.
        More than 12 audiences: a normal copula, its correlations those
        that give the measured pairs (unmeasured ones by a latent trait), and 32,768 quasi-random draws.

    References
    ----------
    Metheringham (1964), Journal of Advertising Research 4(4), 23-28. Csiszar (1975), Annals of Probability 3(1),
    146-158. Emrich & Piedmonte (1991), The American Statistician 45(4), 302-304.

    Examples
    --------
    Three papers, each read by 30%, each two of them by 20%. Independent papers would reach 65.7%:

    >>> joint = fit_joint([0.3, 0.3, 0.3], {(0, 1): 0.2, (0, 2): 0.2, (1, 2): 0.2})
    >>> round(joint.share([0, 1, 2]), 3)
    0.459
    """
    shares = np.asarray(margins, dtype=np.float64)
    k = len(shares)
    if k > MOST_CELLS:
        return _copula(shares, pairs)
    name = base or choose_base(margins, pairs)
    flattest = rake(np.full(2**k, 0.5**k), shares, pairs)
    if name == MAXIMUM_ENTROPY:
        return Joint(cells(k), flattest, name)
    # Pairs tell nothing of how three and more go together, where the two err in opposite ways. Both have the sizes and
    # the pairs, and so has their mean.
    nearest = rake(_base(name, shares, pairs), shares, pairs)
    return Joint(cells(k), (flattest + nearest) / 2, f"{MAXIMUM_ENTROPY} and {name}")


def _base(name: str, margins: FloatArray, pairs: Pairs) -> FloatArray:
    k = len(margins)
    if name == LATENT_TRAIT:
        return fit_latent(margins, pairs).table()
    if name == BETA_BINOMIAL:
        shape = _beta(margins, pairs)
        if shape is not None:
            times = cells(k).sum(axis=1)
            logs = special.betaln(shape[0] + times, shape[1] + k - times)
            table: FloatArray = np.exp(logs - special.logsumexp(logs))
            return table
    return np.full(2**k, 0.5**k)


def choose_base(margins: Sequence[float], pairs: Pairs) -> str:
    """Return the base whose tables predict held-out unions best: `maximum entropy`, `beta-binomial`, `latent trait`.

    Of the 8 audiences with most pairs, each measured pair (the 6 largest, where there are more) is left out in turn,
    and its union is predicted from the rest; the smallest mean squared error wins. With fewer than three pairs nothing
    can be held out, and it is maximum entropy.
    """
    counts = np.bincount([i for pair in pairs for i in pair], minlength=len(margins))
    chosen = sorted(sorted(range(len(margins)), key=lambda i: (-counts[i], -margins[i], i))[:_COMPETING])
    at = {place: index for index, place in enumerate(chosen)}
    known = {(at[i], at[j]): share for (i, j), share in pairs.items() if i in at and j in at}
    if len(known) < 3:
        return MAXIMUM_ENTROPY
    shares = np.asarray(margins, dtype=np.float64)[chosen]
    held = cells(len(chosen))
    errors = dict.fromkeys((MAXIMUM_ENTROPY, BETA_BINOMIAL, LATENT_TRAIT), 0.0)
    for i, j in sorted(known, key=lambda pair: (-known[pair], pair))[:_HELD_OUT]:
        rest = {pair: share for pair, share in known.items() if pair != (i, j)}
        for name in errors:
            table = rake(_base(name, shares, rest), shares, rest)
            # Sizes are met, so the error of the union is that of the pair.
            errors[name] += (float(table[held[:, i] & held[:, j]].sum()) - known[i, j]) ** 2
    return min(errors, key=lambda name: errors[name])


def _beta(margins: FloatArray, pairs: Pairs) -> tuple[float, float] | None:
    """Return the beta distribution of the chance to be in an audience; None unless pairs are more than chance."""
    if not pairs:
        return None
    p = np.clip(margins, _EDGE, 1 - _EDGE)
    mean = float(p.mean())
    excess = sum(pairs.values()) / sum(p[i] * p[j] for i, j in pairs)
    # Audiences differ in size, which alone would look like fewer pairs than chance: hence the excess, not the mean.
    return _beta_of(mean, min(excess * mean, (1 + mean) / 2))


def _beta_of(mean: float, repeat: float) -> tuple[float, float] | None:
    if not mean < repeat < 1:
        return None
    size = (1 - repeat) / (repeat - mean)
    return mean * size, (1 - mean) * size


def beta_binomial_union(margins: Sequence[float], pairs: Pairs) -> float:
    """Return the share in at least one audience by Metheringham's model: only the mean size and mean pair count.

    Where the mean pair is no more than chance, the audiences are taken as independent of the mean size.
    Reference: Metheringham (1964), Journal of Advertising Research 4(4), 23-28.
    """
    k, mean = len(margins), float(np.mean(margins))
    pair = float(np.mean(list(pairs.values()))) if pairs else mean**2
    shape = _beta_of(mean, pair / mean) if mean > 0 else None
    if shape is None:
        return float(1 - (1 - mean) ** k)
    return float(-np.expm1(special.betaln(shape[0], shape[1] + k) - special.betaln(*shape)))


def _copula(margins: FloatArray, pairs: Pairs) -> Joint:
    from scipy.stats import qmc

    trait = fit_latent(margins, pairs)
    correlation = np.outer(trait.loadings, trait.loadings)
    for (i, j), found in zip(pairs, _tetrachoric(trait.thresholds, pairs), strict=True):
        correlation[i, j] = correlation[j, i] = found
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    root /= np.sqrt((root**2).sum(axis=1))[:, None]
    uniform = qmc.Sobol(len(margins), seed=1).random(_DRAWS)
    drawn = special.ndtri(np.clip(uniform, 1e-12, 1 - 1e-12)) @ root.T
    # The thresholds are those of the draws themselves, so that the sizes are met exactly.
    order = np.argsort(np.argsort(-drawn, axis=0), axis=0)
    held = order < np.round(margins * _DRAWS)
    return Joint(held, np.full(_DRAWS, 1 / _DRAWS), COPULA)


def _tetrachoric(thresholds: FloatArray, pairs: Pairs) -> FloatArray:
    """Return the correlations of normal traits that give each pair its share, by bisection."""
    if not pairs:
        return np.empty(0)
    a, b = (thresholds[[pair[side] for pair in pairs]] for side in (0, 1))
    target = np.array(list(pairs.values()))
    low, high = np.full(len(target), -0.98), np.full(len(target), 0.98)
    for _ in range(40):
        middle = (low + high) / 2
        load, rest = np.sqrt(np.abs(middle)), np.sqrt(1 - np.abs(middle))
        first = special.ndtr((a + load * _NODES[:, None]) / rest)
        second = special.ndtr((b + np.sign(middle) * load * _NODES[:, None]) / rest)
        below = _WEIGHTS @ (first * second) < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    found: FloatArray = (low + high) / 2
    return found
