"""Activity online against action, for each leader and outlet and for their groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from graphs.action.counts import Engaged, NamedPost, PostCounts, Tables, count_all
from graphs.action.inputs import (
    ALL,
    CALL,
    CALLS,
    SETS,
    actions_of,
    acts_on_posts,
    labelled_posts,
    refuse_contradictions,
)
from graphs.action.rows import (
    Options,
    Row,
    conversion,
    counted,
    counted_actions,
    engaged_figure,
    share_of,
    share_of_estimates,
    to_arrow,
    typical,
)
from graphs.errors import InputError
from graphs.figures import Figure, missing
from graphs.inputs import actors_of, check_confidence, check_population
from graphs.ratios import ratio
from graphs.reaching.chao import IntervalName, OnesRule, check_options
from graphs.reaching.engaged import POST_COUNTS
from graphs.reaching.medians import GroupMedians
from graphs.reaching.members import Member, members_of, reach_figures, roster_of

__all__ = ["compare_action"]

NO_POSTS = "no labelled posts"
NO_CALLS = "no post is labelled as a call"
NO_ACTS = "no acts on labelled posts are listed with their accounts"
NO_VIEWS = "the views of the calls are not known"
NO_COUNTS = "the posts carry no engagement counts"
_TYPICAL = ("share_of_calls", "share_engaging_with_calls", "conversion_engaged", "conversion_exposed")


def compare_action(
    *,
    actors: Any,
    posts: Any,
    interactions: Any,
    labels: Any,
    actions: Any = None,
    reach: pa.Table | None = None,
    kinds: Sequence[str] = ("leader", "media"),
    population: float | None = None,
    confidence: float = 0.95,
    interval: IntervalName = "lognormal",
    ones: OnesRule = "test",
    replicates: int = 1000,
    seed: int = 0,
) -> pa.Table:
    """Set the activity around posts that call people to act beside that around all posts, and beside what people did.

    Engaging with a call (a like, a comment, a reshare) is activity online. An action is what somebody counted: a
    signature, a participant, money. Neither is the other, and no figure here takes one for the other.

    Parameters
    ----------
    actors, posts, interactions
        Tables of the data contract, as Ibis tables, Arrow tables or data frames. Acts count where `target_post` names a
        labelled post.
    labels
        `post_id, label`: `positive` and `manipulative` are calls.
    actions
        `action, count` and one of `actor_id`, `post_id`. None where nothing was counted.
    reach
        As `estimate_reach` returns it. Names a person with several accounts by the largest; without it by the first.
    kinds
        Kinds of actors that are compared.
    population, confidence, interval, ones, replicates, seed
        As in `estimate_reach`.

    Returns
    -------
    pyarrow.Table
        `measure, a, kind, value, low, high, estimator, n, reason_missing, action, basis`. `a` is an actor,
        `all_leaders` (`all_media`, …: the group together) or `leader` (`media`, …: its median member). `kind` is the
        set of posts: `all`, `call`, `positive` (open calls), `manipulative`. Measures:

        - `posts`, `calls`, `share_of_calls`: own labelled posts, calls among them, and their share;
        - `engaged_all`, `engaged_calls`: accounts that acted on any labelled post, on a call (Chao's estimate);
          `n` is the number observed. `share_engaged_estimated`: the ratio of the two, in [0, 1];
        - `share_engaging_with_calls`: of the accounts observed, the share that acted on a call, in [0, 1];
        - `engaged_per_post`, `engaged_per_call`, `ratio_per_post`: the largest count of a typical post, a typical call;
        - `share_acts_labelled`: how many of the listed acts are on a labelled post: what the engaged figures rest on;
        - `actions`: what was counted, by `action`. `basis` is `post` for actions that name a call, `actor` for others;
        - `conversion_engaged`, `conversion_exposed`: actions per account engaged with the calls, per view of them.
          Ratios that may exceed 1; who acted need not be who engaged.

    Raises
    ------
    InputError
        For counts that cannot be, an action of a post and an actor that did not write it, or options out of range.

    Notes
    -----
    Actions that name a post are set against engagement with the posts named, whatever their label; others against
    engagement with all calls of the actor. Intervals: Wilson (1927) of shares, those of `graphs.reaching.chao` of
    engaged accounts, Poisson with the dispersion between calls of actions, and the two combined on logarithms for
    conversions (Zou & Donner 2008). They speak of chance, not of errors of the labels, nor of people acting for other
    reasons.

    References
    ----------
    Chao (1987), Biometrics 43(4), 783-791. Wilson (1927), Journal of the American Statistical Association 22, 209-212.
    Garwood (1936), Biometrika 28(3-4), 437-442. McCullagh & Nelder (1989), Generalized Linear Models, ch. 6.
    Zou & Donner (2008), Statistics in Medicine 27(10), 1693-1702.

    Examples
    --------
    Of four accounts that acted on a leader's posts three acted on its call, and 12 people signed:

    >>> import pyarrow as pa
    >>> acts = [("x:1", "x:p"), ("x:2", "x:c"), ("x:2", "x:c"), ("x:3", "x:c"), ("x:3", "x:p"), ("x:4", "x:c")]
    >>> table = compare_action(
    ...     actors=pa.table({"actor_id": ["x:a"], "kind": ["leader"]}),
    ...     posts=pa.table({"post_id": ["x:p", "x:c"], "actor_id": ["x:a"] * 2, "views": [100, 240]}),
    ...     interactions=pa.table(
    ...         {
    ...             "source": [account for account, _ in acts],
    ...             "target": ["x:a"] * 6,
    ...             "kind": ["reply"] * 6,
    ...             "target_post": [post for _, post in acts],
    ...         }
    ...     ),
    ...     labels=pa.table({"post_id": ["x:p", "x:c"], "label": ["none", "positive"]}),
    ...     actions=pa.table({"post_id": ["x:c"], "action": ["signature"], "count": [12]}),
    ... )
    >>> rows = [row for row in table.to_pylist() if (row["a"], row["kind"]) == ("x:a", "call")]
    >>> found = {row["measure"]: row["value"] for row in rows}
    >>> found["share_engaging_with_calls"], found["actions"], found["conversion_exposed"]
    (0.75, 12.0, 0.05)
    """
    options = Options(
        confidence=check_confidence(confidence),
        population=check_population(population),
        interval=interval,
        ones=ones,
        replicates=replicates,
        seed=seed,
    )
    check_options(interval, ones)
    if not kinds or len(set(kinds)) < len(kinds):
        raise InputError(f"kinds must be different kinds of actors, got {tuple(kinds)!r}.")
    members = _members(actors, reach, kinds)
    accounts, scopes = _memberships(members)
    labelled = labelled_posts(posts, labels)
    acts = acts_on_posts(interactions, accounts, labelled)
    done = None if actions is None else actions_of(actions, labelled, accounts)
    if done is not None:
        refuse_contradictions(done, {account: m.id for m in members for account in m.accounts})
    found = count_all(labelled, acts, done, accounts, scopes, options.confidence)
    rows = [row for a in _names(members, kinds) for row in _rows_of(a, found, options, actions is not None)]
    return to_arrow([*rows, *_typical_rows(rows, members, kinds, options)])


def group_name(kind: str) -> str:
    """Return what the whole of a kind is called: `all_leaders`, `all_media`, …"""
    return "all_leaders" if kind == "leader" else f"all_{kind}"


def _members(actors: Any, reach: pa.Table | None, kinds: Sequence[str]) -> list[Member]:
    roster = roster_of(actors_of(actors), (), kinds)
    return members_of(roster, {} if reach is None else reach_figures(reach, roster))


def _memberships(members: Sequence[Member]) -> tuple[pa.Table, pa.Table]:
    """Return `actor_id, member`, and `member, a`: each member stands for itself and for its group."""
    text = pa.string()
    pairs = [(account, member.id) for member in members for account in member.accounts]
    scopes = [pair for member in members for pair in ((member.id, member.id), (member.id, group_name(member.kind)))]
    return (
        pa.table({"actor_id": pa.array([a for a, _ in pairs], text), "member": pa.array([m for _, m in pairs], text)}),
        pa.table({"member": pa.array([m for m, _ in scopes], text), "a": pa.array([a for _, a in scopes], text)}),
    )


def _names(members: Sequence[Member], kinds: Sequence[str]) -> list[str]:
    return [*(group_name(kind) for kind in kinds), *(member.id for member in members)]


def _rows_of(a: str, found: Tables, options: Options, with_actions: bool) -> Iterator[Row]:
    """Return all rows of one member or one group."""
    posts = {name: found.posts.get((a, name), PostCounts()) for name in SETS}
    yield "posts", a, ALL, counted(posts[ALL].posts, posts[ALL].posts), None
    for name in SETS[1:]:
        yield "calls", a, name, counted(posts[name].posts, posts[ALL].posts), None
        share = share_of(posts[name].posts, posts[ALL].posts, options.confidence, basis="window", why=NO_POSTS)
        yield "share_of_calls", a, name, share, None
    engaged = _engaged(a, found, options)
    yield "engaged_all", a, ALL, engaged[ALL], None
    whole = found.engaged.get((a, ALL), Engaged()).n
    for name in SETS[1:]:
        why = engaged[name].reason if engaged[name].empty else NO_ACTS
        part = found.engaged.get((a, name), Engaged()).n
        yield "engaged_calls", a, name, engaged[name], None
        base = 0 if engaged[name].empty else whole
        share = share_of(part, base, options.confidence, basis="window", why=why or NO_ACTS)
        yield "share_engaging_with_calls", a, name, share, None
        yield "share_engaged_estimated", a, name, share_of_estimates(engaged[name], engaged[ALL]), None
    yield from _per_post(a, found)
    acts, on_labelled = found.acts.get(a, (0, 0))
    value = counted(on_labelled / acts, acts) if acts else missing("no acts are listed", basis="window")
    yield "share_acts_labelled", a, ALL, value, None
    if with_actions:
        yield from _actions(a, found, options)


def _engaged(a: str, found: Tables, options: Options) -> dict[str, Figure]:
    whole = found.engaged.get((a, ALL), Engaged())
    figures = {}
    for name in SETS:
        seen = found.engaged.get((a, name), Engaged())
        posts = found.posts.get((a, name), PostCounts())
        why = None
        if whole.n == 0:
            why = NO_ACTS if found.posts.get((a, ALL)) else NO_POSTS
        elif seen.n == 0 and posts.posts == 0:
            why = NO_CALLS if name == CALL else f"no post is labelled {name}"
        figures[name] = engaged_figure(seen, options, why=why)
    return figures


def _per_post(a: str, found: Tables) -> Iterator[Row]:
    """Return engagement with a typical post and a typical call: counts of posts, where no accounts are listed."""
    whole = _median(found.per_post[ALL], a)
    yield "engaged_per_post", a, ALL, whole, None
    for name in SETS[1:]:
        figure = _median(found.per_post[name], a)
        yield "engaged_per_call", a, name, figure, None
        yield "ratio_per_post", a, name, ratio(figure, whole), None


def _median(medians: GroupMedians, a: str) -> Figure:
    at = medians.ids.index(a).as_py() if len(medians.ids) else -1
    if at < 0:
        return missing(NO_COUNTS, basis="post")
    value, low, high = (float(x[at]) for x in (medians.value, medians.low, medians.high))
    if np.isnan(high):
        return Figure(value, None, None, "post_engagement_counts", "post", 1, reason="one post only: no interval")
    return Figure(value, low, high, "post_engagement_counts", "post", int(medians.n[at]))


def _actions(a: str, found: Tables, options: Options) -> Iterator[Row]:
    """Return what was counted for one member or group, and what it is per account and per view."""
    for action in sorted({name for who, name in found.named if who == a}):
        named = found.named[a, action]
        for name in (CALL, *CALLS):
            chosen = [post for post in named if name in (CALL, post.label)]
            if chosen:
                seen = found.named_engaged.get((a, action, name), Engaged())
                yield from _of_named(a, action, name, chosen, seen, options)
    for action in sorted({name for who, name in found.loose if who == a}):
        sums = found.loose[a, action]
        total = counted_actions(action, [sums.total], [1.0], options.confidence, whole=sums.whole)
        yield "actions", a, CALL, _as_given(total, sums.rows, "actor"), action
        seen = found.loose_engaged.get((a, action), Engaged())
        figure = engaged_figure(seen, options, why=None if seen.n else NO_ACTS)
        yield "conversion_engaged", a, CALL, conversion(total, figure, basis="actor"), action
        calls = found.loose_posts.get((a, action), PostCounts())
        known = calls.posts > 0 and calls.viewed == calls.posts
        views = counted(calls.views, calls.viewed) if known else missing(NO_VIEWS if calls.posts else NO_CALLS)
        yield "conversion_exposed", a, CALL, conversion(total, views, basis="actor"), action


def _of_named(
    a: str, action: str, name: str, posts: Sequence[NamedPost], seen: Engaged, options: Options
) -> Iterator[Row]:
    counts = [post.count for post in posts]
    by_engaged = counted_actions(action, counts, [post.engaged for post in posts], options.confidence)
    yield "actions", a, name, _as_given(by_engaged, len(posts), "post"), action
    yield (
        "conversion_engaged",
        a,
        name,
        conversion(by_engaged, _engaged_with(posts, seen, options), basis="post"),
        action,
    )
    views = [post.views for post in posts]
    if any(x is None for x in views):
        yield "conversion_exposed", a, name, missing(NO_VIEWS, basis="post"), action
        return
    known = [float(x) for x in views if x is not None]
    by_views = counted_actions(action, counts, known, options.confidence)
    yield "conversion_exposed", a, name, conversion(by_views, counted(sum(known), len(known)), basis="post"), action


def _engaged_with(posts: Sequence[NamedPost], seen: Engaged, options: Options) -> Figure:
    """Return the accounts engaged with some posts; where hardly any are listed, the sum of the posts' largest counts.

    Hardly any: one post alone has more reactions (comments, shares) than the upper end of what the listed acts allow.
    """
    listed = engaged_figure(seen, options, why=None if seen.n else NO_ACTS)
    known = [post.largest for post in posts if post.largest is not None]
    if len(known) < len(posts) or max(known) <= (listed.high or listed.value or 0.0):
        return listed
    total = sum(known)
    return Figure(total, total, total, POST_COUNTS, "post", len(known))


def _as_given(total: Figure, n: int, basis: str) -> Figure:
    """Return the number of actions itself: it was counted, and is what it is."""
    return counted(total.value or 0.0, n, basis=basis)


def _typical_rows(
    rows: Sequence[Row], members: Sequence[Member], kinds: Sequence[str], options: Options
) -> Iterator[Row]:
    kind_of = {member.id: member.kind for member in members}
    grouped: dict[tuple[str, str, str, str | None, str | None], list[Figure]] = {}
    for measure, a, name, figure, action in rows:
        if measure in _TYPICAL and a in kind_of:
            basis = figure.basis if action else None
            grouped.setdefault((measure, kind_of[a], name, action, basis), []).append(figure)
    for (measure, kind, name, action, _), figures in grouped.items():
        yield measure, kind, name, typical(figures, options.confidence), action
