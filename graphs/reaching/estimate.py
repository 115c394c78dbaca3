"""Reach of every actor: potential, exposed, engaged, simulated, each with its interval and never summed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.figures import KINDS_OF_REACH, Figures, because
from graphs.inputs import actors_of, check_confidence, check_population, interactions_of, posts_of
from graphs.reaching.audiences import AudienceRow, Readers, audience_parts, audience_rows, check_readers_per_copy
from graphs.reaching.chao import IntervalName, OnesRule, check_options
from graphs.reaching.engaged import engaged_figures, pairs_of
from graphs.reaching.exposed import ViewRates, assume_view_rates, check_view_rates, exposed_figures
from graphs.reaching.potential import potential_figures
from graphs.reaching.unions import union_of_figures
from graphs.spread.rows import SpreadOptions, simulated_figures

__all__ = ["estimate_reach"]


def estimate_reach(
    *,
    actors: Any,
    posts: Any,
    interactions: Any,
    audiences: Any = None,
    overlaps: Any = None,
    population: float | None = None,
    confidence: float = 0.95,
    readers_per_copy: Readers | None = None,
    view_rates: ViewRates | None = None,
    interval: IntervalName = "lognormal",
    ones: OnesRule = "test",
    replicates: int = 1000,
    seed: int = 0,
    spread: SpreadOptions | None = None,
    tell: Callable[[str], None] | None = None,
) -> pa.Table:
    """Estimate the reach of every actor, of four kinds.

    Parameters
    ----------
    actors, posts, interactions, audiences, overlaps
        Tables of the data contract, as Ibis tables, Arrow tables or data frames. Optional columns may be missing.
        Only aggregates per actor come into memory, and the rows of `audiences`.
        `overlaps` measures duplication between two actors and does not enter the figure of one of them.
    population
        People of the place that the study is about. Figures of people do not exceed it, and unions need it.
    confidence
        Coverage of the intervals.
    readers_per_copy
        `(low, point, high)`: makes people of a circulation; or such by `audiences.medium`, under "" for every other
        medium. Without it, one reader per copy is the lower bound.
    view_rates
        `{platform: (low, typical, high)}`: the share of an account's followers that a post is shown to. Where a
        platform gives no views, they make exposed reach of the followers. None are assumed unless they are given.
    interval, ones
        How engaged reach is estimated, see `graphs.reaching.chao.estimate_unseen`.
    spread
        How `simulated` is estimated: learning of probabilities, width, cap on work.
    replicates, seed
        Resamples of the bootstrap; where it and the samples behind `simulated` start. Nothing else is drawn: the other
        intervals are closed forms.
    tell
        Called with what the simulation will need, before it starts.

    Returns
    -------
    pyarrow.Table
        One row per actor (of `actors` and of `audiences`) and kind, ordered by both: `actor_id, kind_of_reach, value,
        low, high, estimator, n_observed, reason_missing, basis`. Numbers are people or accounts, never NaN; wherever
        one of `value`, `low`, `high` is null, `reason_missing` says why.
        `basis` says what the figure is about: `followers`, `audience`, `post`, `issue`, `window`, or two of them.
        Figures of `engaged` with different bases are not comparable.

    Raises
    ------
    InputError
        For counts that cannot be (negative, a rating above 100, an audience above the population), naming the actor
        and the value; for options out of range.

    Notes
    -----
    potential
        People who follow: the distinct followers if they are listed (accounts), else the latest follower count; for
        outlets the audience. If the platform counts more followers than are listed, the list is the lower end and
        the count the upper end.
    exposed
        People likely shown a post: the median of the views of a post, see `graphs.reaching.medians.group_medians`; for
        outlets the audience of an issue or a programme. A reshare counts like any post where the platform gives its
        views (Telegram: those in the channel that forwards); readers leave them null where it gives the original's.
        Without views: followers times the given view rate, the rate's own range as the range (`assumed_view_rate`).
    engaged
        Distinct accounts that acted on the actor's posts in the window, the unseen ones estimated: see
        `graphs.reaching.chao.estimate_unseen`. Where nobody's acts are listed but posts carry counts: the median over
        posts of the largest single count of a post (basis `post`).
    simulated
        Expected number of accounts that a post spreads to, the actor included, by the independent cascade on the
        reshare graph: see `graphs.spread.rows.simulated_figures`.

    References
    ----------
    Chao (1987), Biometrics 43(4), 783-791. Hettmansperger & Sheather (1986), Statistics & Probability Letters 4(2),
    75-79. Caffyn & Sagovsky (1963), Journal of Advertising Research 3(1), 21-25.
    Kempe, Kleinberg & Tardos (2003), KDD '03, 137-146. Goyal, Bonchi & Lakshmanan (2010), WSDM '10, 241-250.

    Examples
    --------
    >>> import pyarrow as pa
    >>> reach = estimate_reach(
    ...     actors=pa.table({"actor_id": ["telegram:1"], "followers": [1200]}),
    ...     posts=pa.table({"actor_id": ["telegram:1"] * 7, "views": [10, 20, 30, 40, 50, 60, 70]}),
    ...     interactions=pa.table({"source": ["x:1"], "target": ["x:2"], "kind": ["reshare"]}),
    ... )
    >>> reach.select(["kind_of_reach", "value", "reason_missing"]).to_pylist()[0]
    {'kind_of_reach': 'potential', 'value': 1200.0, 'reason_missing': None}
    >>> reach.column("value").to_pylist()[1:2]
    [40.0]
    """
    check_confidence(confidence)
    population = check_population(population)
    readers = check_readers_per_copy(readers_per_copy)
    rates = check_view_rates(view_rates)
    check_options(interval, ones)
    if replicates < 1:
        raise InputError(f"replicates must be at least 1, got {replicates!r}.")
    people, statements = actors_of(actors), audience_rows(audiences, population)
    ids = _ids(people, statements)
    messages, acts = posts_of(posts), interactions_of(interactions)
    figures = [
        potential_figures(ids, people, acts),
        exposed_figures(ids, messages, confidence, population),
        engaged_figures(
            ids, messages, pairs_of(acts), confidence, population,
            interval=interval, ones=ones, replicates=replicates, seed=seed,
        ),
        simulated_figures(
            ids, posts=posts, interactions=interactions, options=spread, confidence=confidence, seed=seed, tell=tell
        ),
    ]  # fmt: skip
    assume_view_rates(figures[1], figures[0], rates, population)
    for kind in figures[:2]:
        _add_audiences(kind, statements, population, readers)
    return _interleaved(figures)


def _ids(actors: ir.Table, statements: Sequence[AudienceRow]) -> pa.Array:
    """Return the sorted distinct ids of the actors, and of outlets that only the audiences name."""
    named = actors.select("actor_id").distinct().to_pyarrow()["actor_id"]
    together = pa.chunked_array([*named.chunks, pa.array([row.actor_id for row in statements], pa.string())])
    distinct = pc.unique(together.cast(pa.string()))
    return distinct.take(pc.sort_indices(distinct))


def _add_audiences(
    figures: Figures,
    statements: Sequence[AudienceRow],
    population: float | None,
    readers: Mapping[str, tuple[float, float, float]],
) -> None:
    """Join the audience of each outlet with what its platform says: union bounds, since people overlap."""
    for actor, rows in groupby(statements, key=lambda row: row.actor_id):
        at = int(figures.positions(pa.array([actor], pa.string()))[0][0])
        own = figures.figure(at)
        of_actor = list(rows)
        parts, problem = audience_parts(of_actor, figures.kind_of_reach, population, readers)
        if own.empty and not parts:
            figures.reason[at] = because([own.reason, problem])
            continue
        both = [*([] if own.empty else [own]), *parts]
        universes = [row.population for row in of_actor if row.population is not None]
        universe = population if population is not None else max(universes, default=None)
        basis = " and ".join(dict.fromkeys(part.basis or "" for part in both))
        figures.set_figure(at, union_of_figures(both, population=universe, basis=basis))


def _interleaved(figures: Sequence[Figures]) -> pa.Table:
    """Return the rows of all kinds, ordered by actor and then by kind."""
    actors, kinds = len(figures[0].ids), len(KINDS_OF_REACH)
    order = (np.arange(actors)[:, None] + np.arange(kinds) * actors).ravel()
    return pa.concat_tables([kind.to_arrow() for kind in figures]).take(pa.array(order, pa.int64())).combine_chunks()
