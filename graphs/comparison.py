"""Leaders against media: ratios, net reach, what one side adds, duplication, and the two-step flow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.compute as pc

from graphs.comparing.audiences import duplication_rows, exclusive_rows
from graphs.comparing.groups import Groups
from graphs.comparing.matching import matching_rows
from graphs.comparing.nets import Nets, NetSimulated, base_of
from graphs.comparing.rows import BY_PLATFORM_SCHEMA, COMPARISON_SCHEMA, group_name
from graphs.comparing.sides import group_rows, incremental_rows, other_kinds, pair_rows, union_rows
from graphs.comparing.two_step import two_step_rows
from graphs.errors import InputError
from graphs.figures import KINDS_OF_REACH
from graphs.inputs import ACTING, actors_of, check_confidence, check_population, interactions_of, posts_of
from graphs.reaching.accounts import AccountSets, account_sets, edges_to
from graphs.reaching.duplication import overlaps_of
from graphs.reaching.members import (
    GROUP_KINDS,
    Member,
    Roster,
    add_figures,
    mark_counted,
    members_of,
    platform_of,
    post_figures,
    reach_figures,
    roster_of,
)
from graphs.reaching.sketches import SketchSets, sketch_sets
from graphs.tables import pick

__all__ = ["BY_PLATFORM_SCHEMA", "COMPARISON_SCHEMA", "compare_groups", "compare_groups_by_platform", "group_name"]

MOST_FOLLOWS = 5_000_000
"""Listed follows of the compared up to which followers are united exactly; beyond, by theta sketches."""


def compare_groups(
    *,
    actors: Any,
    reach: pa.Table,
    posts: Any,
    interactions: Any,
    audiences: Any = None,
    overlaps: Any = None,
    objects: Any = None,
    population: float | None = None,
    kinds: tuple[str, str] = ("leader", "media"),
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
    net_simulated: NetSimulated | None = None,
    most_follows: int = MOST_FOLLOWS,
) -> pa.Table:
    """Compare the reach of leaders with that of media, one by one and as groups.

    Parameters
    ----------
    actors, posts, interactions, audiences, overlaps
        Tables of the data contract. `actors.kind` makes the groups; an outlet that only `audiences` names is `media`.
        Accounts of one `person` (and kind) count once, under the id of the account with the largest reach.
        `overlaps.share_a_in_b` is the share of a's audience that b has too (0 to 1), `n` the respondents among a's;
        see `graphs.reaching.duplication.overlaps_of`.
    reach
        What `estimate_reach` returned for these tables.
    objects
        Links in posts (`post_id, actor_id, kind, object, at`), for the two-step share.
    net_simulated
        Gives the simulated reach of several accounts together. Without it, a union of simulated figures is a range.
    population
        People of the place. Without it, unions of audiences have a range but no point.
    kinds
        The two sides. `party`, `ngo`, `union` and `state` actors of the roster are compared with both as groups.
    confidence
        Coverage of the intervals.
    replicates, seed
        As in `estimate_reach`: checked, but these intervals are closed forms and nothing is drawn.

    most_follows
        Listed follows up to which followers are united exactly; beyond, by theta sketches (`graphs.reaching.sketches`).

    Returns
    -------
    pyarrow.Table
        `measure, kind_of_reach, a, b, value, low, high, estimator, n_a, n_b, left_out, basis, reason_missing`.

        - `ratio` (a to b) and `difference` (a less b, people): for typical members (`leader`, `media`: the median of
          the members), for whole groups (`all_leaders`, `all_media`: net reach) and for each leader and outlet.
        - `union`: net reach in people (accounts, for `engaged`) of each kind of actor in the roster (`b` empty), of
          both sides together, and of each leader with each outlet.
        - `incremental`: whom a (a side or one of its members) reaches and nobody of the side b does.
        - `exclusive`: whom a reaches and no other member compared, of either side, does. `b` is empty.
        - `duplication`: people whom both of two members reach; `duplication_share`: as a share of a's audience (0 to
          1). For the 12 largest of each side, in both orders.
        - `leaders_to_match`: the fewest members of the first side that reach as many as the outlet b, or all of them.
        - `two_step_share`: of the accounts engaged with items of an outlet a, the share that met them first through
          an account that is no medium (0 to 1); `n_a` counts pairs of account and item, `n_b` items.

        Where the two sides have more than 2,500 pairs, those of the 50 largest of each side (by the kind of reach) have
        rows, and these members have theirs; groups always rest on everybody.

        `n_a` and `n_b` count the members with a figure, `left_out` those without one. A null number has its reason.

    Raises
    ------
    InputError
        If an actor has two kinds, a share is no share, or `reach` lacks columns.

    Notes
    -----
    Intervals of pairs: `graphs.ratios.ratio`. Intervals of typical members: `graphs.ratios.typical_pair`, made for
    small samples; the percentile bootstrap is too narrow for a handful of leaders and outlets.
    Net reach: distinct accounts where they are listed (followers of one platform exactly, accounts that acted with
    Chao's estimate of the unseen); otherwise `graphs.reaching.unions.union_bounds`: bounds, and a point for independent
    audiences. `engaged` figures rest on the whole window or on a typical post; only figures of one basis are compared,
    and members without a figure on it are left out.
    Leaders as a channel between media and public: Katz & Lazarsfeld (1955), Personal Influence, Free Press.

    References
    ----------
    See `graphs.ratios`, `graphs.reaching.unions`, `graphs.reaching.chao`.
    """
    people = _checked(population, kinds, confidence, replicates)
    roster = roster_of(actors_of(actors), _outlets(audiences), tuple(dict.fromkeys((*kinds, *GROUP_KINDS))))
    groups, measured = _groups(
        roster, reach, posts, interactions, overlaps, kinds, people, confidence, net_simulated, most_follows
    )
    rows = list(_rows(groups, measured, everything=True))
    outlets = groups.listed("engaged")[1] if kinds[1] == "media" else groups.of("media")
    rows += two_step_rows(interactions, posts, objects, groups.members, outlets, confidence)
    return pa.Table.from_pylist(rows, schema=COMPARISON_SCHEMA)


def compare_groups_by_platform(
    *,
    actors: Any,
    reach: pa.Table,
    posts: Any,
    interactions: Any,
    audiences: Any = None,
    population: float | None = None,
    kinds: tuple[str, str] = ("leader", "media"),
    confidence: float = 0.95,
    most_follows: int = MOST_FOLLOWS,
) -> pa.Table:
    """Compare the two sides as groups on every platform by itself, by the accounts that they have there.

    Parameters and rows are those of `compare_groups` for the groups, with a first column `platform`. There is no row
    unless the compared have accounts on two platforms or more. A person's accounts on one platform count once.
    """
    people = _checked(population, kinds, confidence, 1)
    roster = roster_of(actors_of(actors), _outlets(audiences), kinds)
    platforms = sorted({platform_of(account) for account, _, _ in roster.rows})
    rows: list[dict[str, Any]] = []
    for platform in platforms if len(platforms) > 1 else ():
        there = Roster(tuple(row for row in roster.rows if platform_of(row[0]) == platform))
        groups, measured = _groups(
            there, reach, posts, interactions, None, kinds, people, confidence, None, most_follows
        )
        rows += ({"platform": platform, **row} for row in _rows(groups, measured, everything=False))
    return pa.Table.from_pylist(rows, schema=BY_PLATFORM_SCHEMA)


def _checked(population: float | None, kinds: tuple[str, str], confidence: float, replicates: int) -> float | None:
    check_confidence(confidence)
    if replicates < 1:
        raise InputError(f"replicates must be at least 1, got {replicates!r}.")
    if len(kinds) != 2 or kinds[0] == kinds[1]:
        raise InputError(f"kinds must name two different kinds of actor, got {kinds!r}.")
    return check_population(population)


def _groups(
    roster: Roster,
    reach: pa.Table,
    posts: Any,
    interactions: Any,
    overlaps: Any,
    kinds: tuple[str, str],
    population: float | None,
    confidence: float,
    net_simulated: NetSimulated | None,
    most_follows: int,
) -> tuple[Groups, list[str]]:
    """Return the groups, ready to be compared, and the kinds of reach that there are."""
    known = reach_figures(reach, roster)
    members = members_of(roster, known)
    mark_counted(members, known)
    acting = interactions_of(interactions)
    follows = _follows(acting, [m for m in members if m.listed], most_follows)
    acts = account_sets(acting, ACTING, _accounts([m for m in members if m.windowed], by_platform=False))
    by_post = post_figures(posts_of(posts), members, confidence, population)
    add_figures(members, known, by_post, follows, acts, confidence, population)
    shares = overlaps_of(overlaps, members, confidence, population)
    base = base_of(members, shares, population)
    nets = Nets(follows, acts, shares, population, confidence, net_simulated, base)
    found = set(pc.unique(reach["kind_of_reach"]).to_pylist())
    others = sorted(found - set(KINDS_OF_REACH) - {None})
    return Groups(members, kinds, nets), [*KINDS_OF_REACH, *others]


def _rows(groups: Groups, kinds_of_reach: Sequence[str], *, everything: bool) -> Iterator[dict[str, Any]]:
    """Yield the rows of all measures but the two-step share; without `everything`, those of the groups."""
    wholes = {*groups.kinds, *groups.names()}
    for kind in kinds_of_reach:
        yield from group_rows(groups, kind, *groups.kinds, ("ratio", "difference"))
        yield from union_rows(groups, kind)
        yield from (row for row in incremental_rows(groups, kind) if everything or row["a"] in wholes)
        if not everything:
            continue
        yield from exclusive_rows(groups, kind)
        for other in other_kinds(groups):
            for side in groups.kinds:
                yield from group_rows(groups, kind, other, side, ("ratio", "difference"))
        yield from pair_rows(groups, kind)
        yield from duplication_rows(groups, kind)
        yield from matching_rows(groups, kind)


def _outlets(audiences: Any) -> list[str]:
    if audiences is None:
        return []
    table = pick(audiences, "audiences", {"actor_id": "string"}, {}).distinct().to_pyarrow()
    return [actor for actor in table["actor_id"].to_pylist() if actor is not None]


def _follows(acting: Any, members: Sequence[Member], most: int) -> AccountSets | SketchSets:
    """Return the followers of the members: exact patterns, or theta sketches where there are very many follows."""
    accounts = _accounts(members, by_platform=True)
    if members:
        follows = acting.filter(acting.kind == "follow")
        aimed = follows.semi_join(ibis.memtable(accounts), [("target", "actor_id")])
        if aimed.count().to_pyarrow().as_py() > most:
            return sketch_sets(edges_to(follows, ibis.memtable(accounts)))
    return account_sets(acting, ("follow",), accounts)


def _accounts(members: Sequence[Member], *, by_platform: bool) -> pa.Table:
    accounts = [(account, member.id) for member in members for account in member.accounts]
    return pa.table(
        {
            "actor_id": pa.array([account for account, _ in accounts], pa.string()),
            "member": pa.array([member for _, member in accounts], pa.string()),
            "platform": pa.array([platform_of(x) if by_platform else "" for x, _ in accounts], pa.string()),
        }
    )
