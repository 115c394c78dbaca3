"""What is true in a synthetic study and could not be read off its exports."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from synthesis.cast import ActorSpec
from synthesis.identifiers import link_address
from synthesis.sets import Ints, Sets, collect
from synthesis.spread import KINDS, REACTION, RESHARE
from synthesis.tables import site_of, times
from synthesis.texts import LABELS
from synthesis.world import ORIGINAL, World

__all__ = ["KINDS_OF_REACH", "Truth", "truth_of"]

KINDS_OF_REACH = ("potential", "exposed_own", "exposed", "engaged")
"""Kinds that are sets: people who follow; followers shown at least one post in the window; people shown one, also where
others passed it on; accounts that acted on one."""


@dataclass(frozen=True)
class Truth:
    """Known answers, as tables and as sets.

    Attributes
    ----------
    actors : tuple of str
        Ids of the named actors, in the order of the sets.
    sets : dict of str to Sets
        Per kind of reach (`KINDS_OF_REACH`) the set of each actor: accounts for `engaged`, people for the others.
    reach : pyarrow.Table
        `actor_id, kind_of_reach, value, n, unit`. Kinds: those of the sets; `exposed_per_post`, the median number of
        times that a post (an issue, a day) was shown; `engaged_visible`, accounts with an act of a kind that an export
        can list; `engaged_observed`, accounts that the exports do list; `simulated`, accounts that reshared a post,
        on average. `n` is the number of posts or issues.
    comparison : pyarrow.Table
        `measure, kind_of_reach, a, b, value` for each leader against each medium, and for their groups.
    events : pyarrow.Table
        Every act, seen or not, with the account that showed the post: the cascades as they were.
    labels : pyarrow.Table
        What each post row says: label, and the written post that its text comes from.
    coordinated : pyarrow.Table
        Every act of the planted group: event, kind of object, account, post, time.
    manipulative : pyarrow.Table
        Planted manipulative actors with their posts and manipulative calls.
    overlaps : pyarrow.Table
        True shares behind the survey's pairs.
    syndicated : list of tuple of str
        Pairs of media posts with one text, minutes apart.
    """

    actors: tuple[str, ...]
    sets: dict[str, Sets]
    reach: pa.Table
    comparison: pa.Table
    events: pa.Table
    labels: pa.Table
    coordinated: pa.Table
    manipulative: pa.Table
    overlaps: pa.Table
    syndicated: list[tuple[str, str]]
    groups: dict[str, list[str]]

    def values(self, kind_of_reach: str) -> dict[str, float]:
        """Return the true reach of each actor to which the kind applies; empty for a kind that there is not."""
        rows = self.reach.filter(pc.equal(self.reach["kind_of_reach"], kind_of_reach)).to_pylist()
        return {row["actor_id"]: row["value"] for row in rows if row["value"] is not None}

    def union(self, kind_of_reach: str, actors: list[str]) -> int:
        """Count the distinct people, or accounts, that several actors reach together.

        Raises KeyError for a kind of reach that is no set, ValueError for an actor that is not named.
        """
        return self.sets[kind_of_reach].union(self.actors.index(actor) for actor in actors)

    def overlap(self, kind_of_reach: str, first: str, second: str) -> int:
        """Count the people, or accounts, that both actors reach. Raises as `union` does."""
        return self.sets[kind_of_reach].overlaps(self.actors.index(first), [self.actors.index(second)])[0]


def truth_of(world: World, ids: pa.Array, overlaps: pa.Table) -> Truth:
    """Work out the truth about a world; `ids` are those of its rows, `overlaps` what the survey found."""
    sets = {
        "potential": world.audiences,
        "exposed_own": world.spread.exposed_own,
        "exposed": world.spread.exposed,
        "engaged": _acting(world, np.arange(len(world.spread.events))),
    }
    names = tuple(spec.actor_id for spec in world.cast)
    groups = _groups(world.cast)
    return Truth(
        actors=names,
        sets=sets,
        reach=_reach(world, sets),
        comparison=_comparison(world, sets, groups, names),
        events=_events(world, ids),
        labels=_labels(world, ids),
        coordinated=_coordinated(world, ids),
        manipulative=_manipulative(world),
        overlaps=_overlaps(world, overlaps, names),
        syndicated=[(_id(world, ids, first), _id(world, ids, second)) for first, second in world.syndicated],
        groups=groups,
    )


def _id(world: World, ids: pa.Array, original: int) -> str:
    return str(ids[int(world.rows.of_original[original])].as_py())


def _groups(cast: tuple[ActorSpec, ...]) -> dict[str, list[str]]:
    """Return the actors of each kind, and those of each person or house that has several."""
    groups: dict[str, list[str]] = {}
    for spec in cast:
        groups.setdefault(spec.kind, []).append(spec.actor_id)
    for spec in cast:
        groups.setdefault(f"person:{spec.person}", []).append(spec.actor_id)
    return {name: members for name, members in groups.items() if len(members) > 1 or ":" not in name}


def _acting(world: World, chosen: Ints) -> Sets:
    """Return the accounts behind some of the events, per actor whose posts they acted on."""
    events = world.spread.events
    actor = world.posts.actor[events.post[chosen]]
    on_named = actor >= 0
    return collect(actor[on_named], events.account[chosen][on_named], len(world.cast), world.accounts.count)


def _visible(world: World) -> Ints:
    """Return the events of a kind that an export can list: not likes on X, nor what stays in private chats."""
    events, posts = world.spread.events, world.posts
    on_x = posts.on_x[events.post]
    by_named = events.account >= world.accounts.first_named
    talked = np.asarray([spec.discussion is not None for spec in world.cast] + [False])[posts.actor[events.post]]
    private = ~on_x & (events.kind == RESHARE) & ~by_named
    return np.flatnonzero(np.where(on_x, events.kind != REACTION, ~private & (talked | by_named)))


def _reach(world: World, sets: dict[str, Sets]) -> pa.Table:
    events, posts, cast = world.spread.events, world.posts, world.cast
    counts = np.bincount(posts.actor[posts.actor >= 0], minlength=len(cast))
    n = np.asarray([spec.issues or int(counts[index]) for index, spec in enumerate(cast)])
    reshared = events.post[events.kind == RESHARE]
    cascades = np.bincount(posts.actor[reshared] + 1, minlength=len(cast) + 1)[1:]
    columns: dict[str, Any] = {kind: one.sizes.astype(float) for kind, one in sets.items()}
    columns["exposed_per_post"] = np.asarray([_per_post(world, index) for index in range(len(cast))])
    columns["engaged_visible"] = _acting(world, _visible(world)).sizes.astype(float)
    columns["engaged_observed"] = _acting(world, np.flatnonzero(events.seen)).sizes.astype(float)
    columns["simulated"] = cascades / np.maximum(n, 1)
    readers_only = np.asarray([spec.traditional for spec in cast])
    parts = []
    for kind, values in columns.items():
        # Nobody acts on a printed page in a way that is counted.
        known = ~readers_only | np.full(len(cast), kind.startswith(("potential", "exposed")))
        unit = "accounts" if kind.startswith(("engaged", "simulated")) else "people"
        parts.append(
            pa.table(
                {
                    "actor_id": [spec.actor_id for spec in cast],
                    "kind_of_reach": [kind] * len(cast),
                    "value": pa.array(np.round(values, 6), mask=~known),
                    "n": pa.array(n),
                    "unit": [unit] * len(cast),
                }
            )
        )
    return pa.concat_tables(parts)


def _per_post(world: World, index: int) -> float:
    if world.cast[index].traditional:
        return float(np.median(world.spread.issue_readers[index]))
    views = world.spread.views[world.posts.actor == index]
    return float(np.median(views)) if len(views) else 0.0


def _comparison(world: World, sets: dict[str, Sets], groups: dict[str, list[str]], names: tuple[str, ...]) -> pa.Table:
    """Return ratios, differences and unions of each leader and medium, and of the groups of both."""
    place = {name: index for index, name in enumerate(names)}
    leaders, media = groups.get("leader", []), groups.get("media", [])
    rows: list[dict[str, Any]] = []
    for kind, one in sets.items():
        outlets = [name for name in media if kind != "engaged" or not world.cast[place[name]].traditional]
        size = {name: int(one.sizes[place[name]]) for name in leaders + outlets}
        for a in leaders:
            shared = one.overlaps(place[a], [place[b] for b in outlets])
            for b, both in zip(outlets, shared, strict=True):
                rows += _pair(kind, a, b, size[a], size[b], size[a] + size[b] - both)
        totals = [one.union(place[name] for name in group) for group in (leaders, outlets, leaders + outlets)]
        rows += _pair(kind, "all_leaders", "all_media", *totals)
        rows += [
            _row("union", kind, f"all_{word}", "", one) for word, one in zip(("leaders", "media"), totals, strict=False)
        ]
        for word, average in (("mean", np.mean), ("median", np.median)):
            first, second = (float(average([size[name] for name in group] or [0])) for group in (leaders, outlets))
            if second:
                rows.append(_row(f"ratio_of_{word}s", kind, "leader", "media", first / second))
    return pa.Table.from_pylist(rows)


def _pair(kind: str, a: str, b: str, of_a: int, of_b: int, together: int) -> list[dict[str, Any]]:
    rows = [
        _row("difference", kind, a, b, of_a - of_b),
        _row("union", kind, a, b, together),
        _row("incremental", kind, a, b, together - of_b),
    ]
    return [_row("ratio", kind, a, b, of_a / of_b), *rows] if of_b else rows


def _row(measure: str, kind: str, a: str, b: str, value: float) -> dict[str, Any]:
    return {"measure": measure, "kind_of_reach": kind, "a": a, "b": b, "value": round(float(value), 6)}


def _events(world: World, ids: pa.Array) -> pa.Table:
    events, names = world.spread.events, world.names
    return pa.table(
        {
            "post_id": ids.take(pa.array(world.rows.of_original[events.post])),
            "source": names.actor_id(events.account),
            "target": names.actor_id(world.posts.author[events.post]),
            "kind": pa.array(list(KINDS)).take(pa.array(events.kind)),
            "at": times(events.at),
            "shown_by": names.actor_id(events.parent),
            "depth": pa.array(events.depth),
            "observed": pa.array(events.seen),
        }
    )


def _labels(world: World, ids: pa.Array) -> pa.Table:
    """Return the truth about each row's text: a reply or a quote is a short text without a call."""
    rows, texts = world.rows, world.texts
    says = np.where(np.isin(rows.role, (1, 2)), world.reply_text[rows.event], world.posts.text[rows.original])
    first = rows.of_original[rows.original]
    copies = ~np.isin(rows.role, (1, 2, ORIGINAL))
    written = [*texts.rows, *({"call": "none"} for _ in range(len(texts.ids) - texts.written))]
    return pa.table(
        {
            "post_id": ids,
            "actor_id": world.names.actor_id(rows.author),
            "label": pa.array(LABELS).take(pa.array(texts.labels[says])),
            "call": pa.array([row["call"] for row in written]).take(pa.array(says)),
            "lang": pa.array(texts.languages).take(pa.array(says)),
            "text_id": pa.array(texts.ids).take(pa.array(says)),
            "copy_of": ids.take(pa.array(np.where(copies, first, 0), mask=~copies)),
        }
    )


def _coordinated(world: World, ids: pa.Array) -> pa.Table:
    """Return every act of the planted group, by event and time."""
    events, rows, plan = world.spread.events, world.rows, world.coordination
    row_of = np.full(len(events), -1)
    row_of[rows.event[rows.event >= 0]] = np.flatnonzero(rows.event >= 0)
    group = (events.account >= 2 * world.people.count) & (events.account < world.accounts.first_named)
    acts = np.flatnonzero(group)
    copies = np.flatnonzero(world.posts.event >= 0)
    row = np.concatenate([row_of[acts], rows.of_original[copies]])
    event = np.concatenate([np.searchsorted(plan.targets, events.post[acts]), world.posts.event[copies]])
    order = np.lexsort((rows.author[row], rows.at[row], event))
    row, event = row[order], event[order]
    shared = ids.take(pa.array(rows.of_original[rows.original[row]]))
    reshared = pa.array(rows.role[row] == RESHARE)
    links = pa.array(
        [
            link_address(int(world.posts.link[original]), site_of(world, int(original)))
            for original in rows.original[row]
        ]
    )
    return pa.table(
        {
            "event": pa.array(event),
            "kind": pa.array(["url", "reshare"]).take(reshared.cast(pa.int64())),
            "object": pc.if_else(reshared, shared, links),
            "actor_id": world.names.actor_id(rows.author[row]),
            "post_id": ids.take(pa.array(row)),
            "at": times(rows.at[row]),
        }
    )


def _manipulative(world: World) -> pa.Table:
    """Return the actors that were made to manipulate: at least three in ten of their posts are manipulative calls."""
    posts, labels = world.posts, world.labels
    rows = []
    for index, spec in enumerate(world.cast):
        own = labels[posts.actor == index]
        calls = int((own == LABELS.index("manipulative")).sum())
        if spec.labels[2] >= 0.3:
            rows.append(
                {
                    "actor_id": spec.actor_id,
                    "posts": len(own),
                    "manipulative_calls": calls,
                    "share": round(calls / max(len(own), 1), 6),
                }
            )
    schema = {"actor_id": pa.string(), "posts": pa.int64(), "manipulative_calls": pa.int64(), "share": pa.float64()}
    return pa.Table.from_pylist(rows, schema=pa.schema(list(schema.items())))


def _overlaps(world: World, measured: pa.Table, names: tuple[str, ...]) -> pa.Table:
    """Return the true share behind each measured one."""
    place = {name: index for index, name in enumerate(names)}
    a, b = measured["actor_a"].to_pylist(), measured["actor_b"].to_pylist()
    shares = [
        round(world.audiences.overlaps(place[first], [place[second]])[0] / int(world.audiences.sizes[place[first]]), 6)
        for first, second in zip(a, b, strict=True)
    ]
    return pa.table({"actor_a": a, "actor_b": b, "share_a_in_b": pa.array(shares, type=pa.float64())})
