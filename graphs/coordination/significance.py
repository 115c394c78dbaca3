"""Could that coordination be chance? p- and q-values of the edges, under a null model that the user names."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.coordination.activity import activity_chances, attainable_by_activity, check_blocks, popularity_of
from graphs.coordination.evidence import coincidences, common_objects, holdings_of
from graphs.coordination.multiple import count_tests, q_values
from graphs.coordination.nulls import SignificanceOptions, slots_of
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import considered, coordinated_edges
from graphs.coordination.resampling import resampled_p_values
from graphs.coordination.shares import Shares
from graphs.coordination.sharing import attainable_by_sharing, sharing_chances, sharing_of
from graphs.coordination.timing import Chances, attainable_by_timing, holding_chances, timing_chances
from graphs.errors import InputError

__all__ = ["SIGNIFICANCE_COLUMNS", "Multiplicity", "Significance", "edge_significance"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SIGNIFICANCE_COLUMNS = ("p_value", "q_value", "coincidences", "expected", "p_least")
"""Columns that `edge_significance` adds to a table of edges."""

MOST_WORK = 4_000_000_000
"""Steps of counting which pairs could coincide, beyond which all pairs count as tests: some 10 to 20 s."""


@dataclass(frozen=True)
class Multiplicity:
    """How many tests an edge is one of.

    Attributes
    ----------
    pairs
        Pairs of accounts that could coincide under the null model, whether they did or not.
    tests
        Those of them that could be significant at all (Tarone 1990).
    cut
        The p-value that a pair must be able to reach to be one.
    counted
        False where they were not counted one by one (it would take too long, or the model is
        `hypergeometric_by_popularity`): `pairs` then is an upper bound, and all are tests.
    """

    pairs: int
    tests: int
    cut: float
    counted: bool


@dataclass(frozen=True)
class Significance:
    """Edges with their p- and q-values, the null model that they are by, and the number of tests."""

    edges: pa.Table
    options: SignificanceOptions
    tests: Multiplicity

    def significant(self) -> pa.Table:
        """Return the edges with a q-value below the level."""
        return self.edges.filter(pc.less(self.edges["q_value"], self.options.level))


def edge_significance(
    shares: Shares,
    options: CoordinationOptions | None = None,
    significance: SignificanceOptions | None = None,
    *,
    edges: pa.Table | None = None,
    tests: Multiplicity | None = None,
) -> Significance:
    """Return the coordinated edges with the probability that chance alone brings so many coincidences.

    Parameters
    ----------
    shares
        From `graphs.coordination.shares.shares_of`.
    options
        What counts as coordinated.
    significance
        The null model, how it is computed, and the correction for many tests.
    edges
        `source, target` and any other columns, a row per pair; None finds them with `coordinated_edges`.
    tests
        From an earlier call on the same shares or on a shuffle of them with the same null model, whose number of tests
        is the same; None counts them.

    Returns
    -------
    Significance
        The edges, with these columns added:

        - `p_value`: P(so many coincidences or more) under the null model, in [1e-300, 1];
        - `q_value`: the smallest false discovery rate at which the edge is taken for significant, in [p_value, 1]; 1
          for pairs that could not be significant whatever they did;
        - `coincidences`: what is tested, see Notes;
        - `expected`: its mean under the null model (an upper bound where p-values are);
        - `p_least`: the smallest p-value that the pair could have had.

    Raises
    ------
    InputError
        If an edge names an account that shares nothing, or an option is out of range.

    Notes
    -----
    The weight of an edge counts pairs of shares, and ten copies of one link make it large. Tested are *coincidences*:
    the different objects that both shared within the window, each by posts of its own (for the three models without
    time: the different objects that both shared at any time). Every pair that could have some is a test, those without
    an edge included, so that searching for edges does not make them significant.

    References
    ----------
    Tumminello, Miccichè, Lillo, Piilo & Mantegna (2011), PLoS ONE 6(3), e17994; Saracco, Straka, Di Clemente et al.
    (2017), New Journal of Physics 19, 053022; Tarone (1990), Biometrics 46(2), 515-522; Benjamini & Hochberg (1995),
    Journal of the Royal Statistical Society B 57(1), 289-300.

    Examples
    --------
    Two accounts share ten links five seconds apart; three others share each of the links at hours of their own.

    >>> import pyarrow as pa
    >>> from graphs.coordination.shares import shares_of
    >>> rows = [(who, f"u{link}", link * 1e6 + late + 97 * link) for link in range(10)
    ...         for who, late in (("a", 0), ("b", 5), ("c", 9e3 + 999 * link), ("d", 4e4), ("e", 7e4 - 99 * link))]
    >>> shares = shares_of(pa.table({
    ...     "actor_id": [row[0] for row in rows], "object": [row[1] for row in rows], "at": [row[2] for row in rows],
    ...     "post_id": [str(i) for i in range(len(rows))],
    ... }))
    >>> found = edge_significance(shares, CoordinationOptions(window_s=10))
    >>> found.edges.select(["source", "target", "weight", "coincidences"]).to_pylist()
    [{'source': 'a', 'target': 'b', 'weight': 10, 'coincidences': 10}]
    >>> [f"{found.edges[name][0].as_py():.1e}" for name in ("p_value", "q_value")], found.tests.pairs
    (['1.0e-10', '1.0e-09'], 10)
    """
    chosen = CoordinationOptions() if options is None else options
    model = SignificanceOptions() if significance is None else significance
    found = coordinated_edges(shares, chosen) if edges is None else edges
    inner = considered(shares, chosen).shares
    source, target = (_codes(found, side, inner) for side in ("source", "target"))
    tester = _Tester.of(inner, chosen, model)
    seen, chances = tester.chances(source, target)
    counted = tester.tests() if tests is None else tests
    return Significance(_with_columns(found, seen, chances, counted, model), model, counted)


@dataclass(frozen=True)
class _Tester:
    """A null model with its margins, ready for any pairs of accounts; one subclass a family of models."""

    shares: Shares
    options: CoordinationOptions
    model: SignificanceOptions

    @staticmethod
    def of(shares: Shares, options: CoordinationOptions, model: SignificanceOptions) -> _Tester:
        """Return the tester of a null model."""
        if model.null == "times_within_objects":
            return _Timing(shares, options, model)
        if model.null == "objects_within_activity":
            check_blocks(model.block_s, options.window_s)
            return _Activity(shares, options, model)
        return _Sharing(shares, options, model)

    def chances(self, source: Ints, target: Ints) -> tuple[Ints, Chances]:
        """Return the coincidences of pairs and their chances."""
        raise NotImplementedError

    def attainable(self) -> tuple[Floats, Ints]:
        """Return smallest attainable p-values and the number of pairs with each."""
        raise NotImplementedError

    def tests(self) -> Multiplicity:
        """Return the number of tests."""
        values, pairs = self.attainable()
        count, cut = count_tests(values, pairs, level=self.model.level)
        return Multiplicity(int(pairs.sum()), count, cut, len(values) > 1)

    def _resampled(self, source: Ints, target: Ints, seen: Ints, exact: Chances) -> Chances:
        if self.model.method == "exact":
            return exact
        p_value, mean = resampled_p_values(self.shares, source, target, seen, self.model, window=self.options.window_us)
        return Chances(p_value, mean, np.minimum(p_value, np.maximum(exact.least, 1 / (self.model.resamples + 1))))


class _Timing(_Tester):
    def chances(self, source: Ints, target: Ints) -> tuple[Ints, Chances]:
        holdings = holdings_of(self.shares)
        seen = coincidences(source, target, holdings, window=self.options.window_us)
        chance = holding_chances(self.shares, holdings, window=self.options.window_us)
        return seen, self._resampled(source, target, seen, timing_chances(source, target, seen, holdings, chance))

    def attainable(self) -> tuple[Floats, Ints]:
        holdings = holdings_of(self.shares)
        chance = holding_chances(self.shares, holdings, window=self.options.window_us)
        return attainable_by_timing(holdings, chance, len(self.shares.objects), most_work=MOST_WORK)


class _Activity(_Tester):
    def chances(self, source: Ints, target: Ints) -> tuple[Ints, Chances]:
        window = self.options.window_us
        seen = coincidences(source, target, holdings_of(self.shares), window=window)
        slots = slots_of(self.shares, self.model.block_s)
        popularity = popularity_of(self.shares.object, slots)
        accounts = len(self.shares.actors)
        exact = activity_chances(source, target, seen, slots, popularity, accounts=accounts, window=window)
        return seen, self._resampled(source, target, seen, exact)

    def attainable(self) -> tuple[Floats, Ints]:
        slots = slots_of(self.shares, self.model.block_s)
        return attainable_by_activity(
            slots, popularity_of(self.shares.object, slots),
            accounts=len(self.shares.actors), window=self.options.window_us, most_work=MOST_WORK,
        )  # fmt: skip


class _Sharing(_Tester):
    def chances(self, source: Ints, target: Ints) -> tuple[Ints, Chances]:
        holdings = holdings_of(self.shares)
        seen = common_objects(source, target, holdings.first, holdings.object)
        sharing = sharing_of(holdings, self.model.null, objects=len(self.shares.objects), universe=self.model.universe)
        return seen, sharing_chances(source, target, seen, holdings, sharing)

    def attainable(self) -> tuple[Floats, Ints]:
        sharing = sharing_of(
            holdings_of(self.shares), self.model.null,
            objects=len(self.shares.objects), universe=self.model.universe,
        )  # fmt: skip
        return attainable_by_sharing(sharing, self.model.null)


def _codes(edges: pa.Table, side: str, shares: Shares) -> Ints:
    if side not in edges.column_names:
        raise InputError(f"edges: there is no column {side!r}; the table has {', '.join(edges.column_names)}.")
    found = pc.index_in(edges[side].cast(pa.string()), value_set=shares.actors.cast(pa.string()))
    if found.null_count:
        name = edges[side].filter(pc.is_null(found))[0].as_py()
        raise InputError(f"edges: the account {name!r} is not among those that share something. Use the same table.")
    return np.asarray(found, dtype=np.int64)


def _with_columns(
    edges: pa.Table, seen: Ints, chances: Chances, tests: Multiplicity, model: SignificanceOptions
) -> pa.Table:
    q = np.ones(len(seen))
    # An edge without a coincidence, such as one that is not of these options, is one of the tests that found nothing.
    tested = chances.least <= tests.cut
    if tested.any():
        count = max(tests.tests, int(tested.sum()))
        q[tested] = q_values(chances.p_value[tested], count, correction=model.correction)
    values = (chances.p_value, q, seen, chances.expected, chances.least)
    for name, column in zip(SIGNIFICANCE_COLUMNS, values, strict=True):
        edges = edges.append_column(name, pa.array(column))
    return edges
