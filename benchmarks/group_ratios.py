"""Coverage of the ratio of two groups' net reach, `all_leaders` to `all_media`, as the comparison computes it.

Imported by `coverage_study.py`, which registers it as the case `group_ratio`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from graphs.figures import Figure
from graphs.ratios import ratio
from graphs.reaching.accounts import Seen
from graphs.reaching.members import chao_figure
from graphs.reaching.survey import wilson
from graphs.reaching.unions import Audiences

__all__ = ["group_ratio_runs"]

Row = tuple[float | None, float | None, float | None, float]
"""Value, low, high and the truth of one run."""

PEOPLE, ASKED = 20_000, 1_000


def group_ratio_runs(runs: int, random: np.random.Generator) -> Iterator[tuple[str, list[Row]]]:
    """Yield settings with their runs: value, low, high and the truth of the ratio."""
    for pools, rate in (((2_000, 500), 0.3), ((2_000, 500), 0.9), ((20_000, 800), 0.9), ((600, 500), 2.0)):
        name = f"engaged, {pools[0]:,} accounts against {pools[1]:,}, alike, {rate:g} acts each"
        yield name, [_engaged(pools, rate, random) for _ in range(runs)]
    for leaders, outlets in ((2, 2), (4, 3)):
        of = f"{leaders} leaders, {outlets} outlets"
        yield (f"potential, {of}, listed followers", [_listed(leaders, outlets, random) for _ in range(runs)])
        for own in (False, True):
            sizes = "sizes and pairs from one survey" if own else "sizes known, pairs from a survey"
            name = f"potential, {of}, {sizes} of {ASKED:,}"
            yield name, [_surveyed(leaders, outlets, random, own_sizes=own) for _ in range(runs)]


def _engaged(pools: tuple[int, int], rate: float, random: np.random.Generator) -> Row:
    """Return one run with Chao's nets: the accounts of each pool act on their side by chance, all alike."""
    nets = []
    for size in pools:
        acts = random.poisson(rate, size)
        seen = Seen(int((acts > 0).sum()), int((acts == 1).sum()), int((acts == 2).sum()))
        nets.append(chao_figure(seen, 0.95, None))
    found = ratio(*nets)
    return found.value, found.low, found.high, pools[0] / pools[1]


def _audiences(members: int, random: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Return who is in which audience, a row a member: people who use one use others more often, too."""
    interest = random.gamma(0.6, 1 / 0.6, PEOPLE)
    rates = random.uniform(0.03, 0.2, members)
    found: npt.NDArray[np.bool_] = random.random((members, PEOPLE)) < np.minimum(rates[:, None] * interest, 0.95)
    return found


def _nets(sets: npt.NDArray[np.bool_], leaders: int, net: Callable[[Sequence[int]], Figure]) -> Row:
    """Return the ratio of the net reach of the first members to that of the rest, and its truth."""
    first, second = range(leaders), range(leaders, len(sets))
    found = ratio(net(first), net(second))
    return found.value, found.low, found.high, float(sets[list(first)].any(0).sum() / sets[list(second)].any(0).sum())


def _listed(leaders: int, outlets: int, random: np.random.Generator) -> Row:
    """Return one run with follower lists, counted one by one as the comparison counts them."""
    import ibis
    import pyarrow as pa

    from graphs.reaching.accounts import account_sets

    sets = _audiences(leaders + outlets, random)[:, :2_000]
    member, person = np.nonzero(sets)
    names = [f"x:m{number}" for number in range(len(sets))]
    acts = pa.table(
        {
            "source": pa.array([f"x:p{n}" for n in person.tolist()]),
            "target": pa.array([names[n] for n in member.tolist()]),
            "kind": pa.array(["follow"] * len(member)),
        }
    )
    accounts = pa.table({"actor_id": names, "member": names, "platform": ["x"] * len(names)})
    followers = account_sets(ibis.memtable(acts), ("follow",), accounts)
    return _nets(sets, leaders, lambda some: followers.figures([names[n] for n in some])["x"])


def _surveyed(leaders: int, outlets: int, random: np.random.Generator, *, own_sizes: bool) -> Row:
    """Return one run with audiences of which a survey tells the pairs, or the sizes too."""
    sets = _audiences(leaders + outlets, random)
    asked = sets[:, random.choice(PEOPLE, ASKED, replace=False)]
    sizes = asked.mean(1) * PEOPLE if own_sizes else sets.sum(1).astype(float)
    pairs = {}
    for i in range(len(sets)):
        for j in range(i + 1, len(sets)):
            n = int(asked[i].sum())
            if n:
                ends = wilson(float((asked[i] & asked[j]).sum() / n), float(n))
                pairs[i, j] = (ends[0] * sizes[i], ends[1] * sizes[i], ends[2] * sizes[i])
    parts = [Figure(x, x, x, "audience: readers") for x in sizes.tolist()]
    audiences = Audiences(parts, float(PEOPLE), pairs, float(ASKED) if own_sizes else None, base="maximum entropy")
    return _nets(sets, leaders, lambda some: audiences.union(list(some)))
