"""Whether more accounts acted exactly once than the accounts that acted more often let one expect."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["LEVEL", "ones_are_inflated"]

FloatArray = npt.NDArray[np.float64]

LEVEL = 0.01
"""One-sided level: at 5% false alarms cost the intervals three points of their coverage where accounts are alike."""


def ones_are_inflated(
    f1: npt.ArrayLike, f2: npt.ArrayLike, f3: npt.ArrayLike, f4: npt.ArrayLike, *, level: float = LEVEL
) -> npt.NDArray[np.bool_]:
    """Return where the accounts seen once are more than those seen two, three and four times explain.

    Parameters
    ----------
    f1, f2, f3, f4
        Accounts seen exactly once to four times; scalars or arrays of one shape.
    level
        Probability to say so by chance.

    Notes
    -----
    Counts that are a gamma mixture of Poisson counts (accounts that differ in how readily they act, or are alike)
    have ratios `r_x = (x + 1) f_(x+1) / f_x` on a straight line in x (Böhning et al. 2013). The line
    through r_2 and r_3 says `r_1 = 2 r_2 - r_3`. An excess of ones pulls `2 f2 / f1` below it. The test is one-sided,
    on the difference over its standard error, each count taken as Poisson. It needs all four counts; where one is 0,
    or the line says nothing (not above 0), ones are taken as they are.
    Unevenness beyond a gamma distribution bends the line down at its end, hence away from a false alarm.

    References
    ----------
    Böhning, Baksh, Lerdsuwansri & Gallagher (2013), Journal of Computational and Graphical Statistics 22(1), 135-155.
    Böhning, Kaskasamkul & van der Heijden (2019), Metrika 82, 361-384.

    Examples
    --------
    10,000 accounts with one act on average, and 3,000 more that act once and never again:

    >>> ones_are_inflated([3679, 6679], 1839, 613, 153).tolist()
    [False, True]
    """
    counts = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (f1, f2, f3, f4)))
    enough = np.logical_and.reduce([x > 0 for x in counts])
    one, two, three, four = (np.where(enough, x, 1.0) for x in counts)
    expected = 6 * three / two - 4 * four / three
    excess = expected - 2 * two / one
    slopes = (
        2 * two / one**2,
        -6 * three / two**2 - 2 / one,
        6 / two + 4 * four / three**2,
        -4 / three,
    )
    variance = sum(slope**2 * x for slope, x in zip(slopes, (one, two, three, four), strict=True))
    result: npt.NDArray[np.bool_] = enough & (expected > 0) & (excess > stats.norm.ppf(1 - level) * np.sqrt(variance))
    return result
