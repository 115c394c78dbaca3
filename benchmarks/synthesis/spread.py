"""What happens to posts: who is shown them, who acts on them, and how they are passed on.

Followers see a post with their own probability and may act on it once. A reshare on X shows the post to the resharer's
followers, each of whom has one chance to reshare it in turn: an independent cascade (Kempe, Kleinberg & Tardos 2003).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields

import numpy as np

from synthesis.cast import ActorSpec
from synthesis.parameters import Parameters, Streams
from synthesis.population import FollowerGraph, People
from synthesis.posting import Accounts, Originals
from synthesis.sets import Bools, Floats, Ints, Members, Sets, Singles, distinct

__all__ = ["KINDS", "Events", "Spread", "join_events", "spread_posts"]

KINDS = ("reshare", "reply", "quote", "reaction")
RESHARE, REPLY, QUOTE, REACTION = range(4)

_CELLS = 4_000_000
"""Pairs of post and follower that are drawn at a time."""
_DEEPEST = 30
_MOST = 0.9
"""Largest chance to act on a post that was seen."""


@dataclass(frozen=True, slots=True)
class Events:
    """One entry per act on a post."""

    post: Ints
    """Place of the post among the originals."""
    account: Ints
    kind: Ints
    """Place in `KINDS`."""
    at: Ints
    """Unix time, seconds."""
    seen: Bools
    """Whether the act is in the collected data."""
    parent: Ints
    """Account whose post or reshare showed it; an export names the author instead."""
    depth: Ints
    """1 for those who had it from the author."""

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: Bools) -> "Events":
        """Return some of the events."""
        return Events(**{field.name: getattr(self, field.name)[chosen] for field in fields(Events)})


@dataclass(frozen=True, slots=True)
class Spread:
    """What came of all posts."""

    events: Events
    exposed_own: Sets
    """Followers or readers who were shown at least one post or issue, per named actor."""
    exposed: Sets
    """The same and those to whom others passed a post on."""
    views: Ints
    """Times that each post was shown."""
    issue_readers: dict[int, Ints]
    """Readers of each issue, per traditional medium."""
    edge_probability: Singles
    """Chance that each edge of the follower graph passes a post of average appeal on."""


def join_events(parts: Sequence[Events]) -> Events:
    """Put events together."""
    return Events(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Events)}
    )


@dataclass(frozen=True, slots=True)
class _Scene:
    """What every stage needs."""

    parameters: Parameters
    cast: Sequence[ActorSpec]
    people: People
    audiences: Sets
    graph: FollowerGraph
    accounts: Accounts
    posts: Originals
    streams: Streams

    def posts_of(self, actor: int) -> Ints:
        return np.flatnonzero(self.posts.actor == actor)

    def chance_to_see(self, actor: int) -> Floats:
        """Chance of each follower to be shown a post, the actor's view rate on average."""
        attention = self.people.attention[self.audiences[actor]]
        return np.asarray(np.minimum(0.98, attention * (self.cast[actor].view_rate / max(attention.mean(), 1e-9))))


class _Log:
    """Gathers exposures and events from the stages."""

    def __init__(self, posts: int, actors: int, people: int) -> None:
        self.views = np.zeros(posts, dtype=np.int64)
        self.shown = np.zeros((actors, people), dtype=np.bool_)
        self.reached: dict[int, Members] = {}
        self.events: list[Events] = []

    def reach(self, actor: int, members: Members) -> None:
        """Note whom an actor's own posts were shown to."""
        self.reached[actor] = members
        self.shown[actor, members] = True

    def own(self) -> Sets:
        nobody = np.empty(0, dtype=np.int32)
        actors, people = self.shown.shape
        return Sets.of([self.reached.get(actor, nobody) for actor in range(actors)], people)

    def all(self) -> Sets:
        return Sets.of([np.flatnonzero(row).astype(np.int32) for row in self.shown], self.shown.shape[1])


def spread_posts(
    parameters: Parameters,
    cast: Sequence[ActorSpec],
    people: People,
    audiences: Sets,
    graph: FollowerGraph,
    accounts: Accounts,
    posts: Originals,
    extra: Events,
    streams: Streams,
) -> Spread:
    """Show the posts to people and let them act; `extra` are the acts of the coordinated group."""
    scene = _Scene(parameters, cast, people, audiences, graph, accounts, posts, streams)
    log = _Log(len(posts), len(cast), people.count)
    scale = _act_rates(scene)
    for actor, spec in enumerate(cast):
        if not spec.traditional and len(audiences[actor]):
            _show_to_followers(scene, log, actor, scale[spec.platform])
    _pass_on(scene, log)
    direct = join_events([*log.events, extra]) if log.events else extra
    rate = _reshare_rate(scene)
    cascade = _cascade(scene, log, direct, rate)
    issues = {actor: _show_issues(scene, log, actor) for actor, spec in enumerate(cast) if spec.traditional}
    events = join_events([direct, *cascade])
    events = events.where(events.at <= parameters.end)
    # An edge passes on what its follower sees and then reshares.
    chance = people.attention[graph.people] * np.minimum(1.0, rate * people.engagement[graph.people])
    return Spread(events, log.own(), log.all(), log.views, issues, chance[graph.followers].astype(np.float32))


def _act_rates(scene: _Scene) -> dict[str, float]:
    """Return per platform the factor on engagement that brings the expected number of acts to what was asked for."""
    wanted = {"telegram": scene.parameters.telegram_interactions, "x": scene.parameters.x_interactions}
    return {platform: _act_rate(scene, platform, acts) for platform, acts in wanted.items()}


def _act_rate(scene: _Scene, platform: str, wanted: int) -> float:
    actors = [
        actor
        for actor, spec in enumerate(scene.cast)
        if spec.platform == platform and len(scene.audiences[actor]) and len(scene.posts_of(actor))
    ]
    if not actors:
        return 0.0
    shown = [scene.chance_to_see(actor) * scene.posts.appeal[scene.posts_of(actor)].sum() for actor in actors]
    weight = np.concatenate(shown)
    engagement = np.concatenate([scene.people.engagement[scene.audiences[actor]] for actor in actors])
    most = _MOST * float(weight[engagement > 0].sum())
    if wanted > 0.9 * most:
        raise ValueError(
            f"{platform}_interactions={wanted!r} is more than these audiences give, at most {0.9 * most:,.0f}: "
            "ask for fewer, or for more people or posts"
        )
    low, high = 0.0, 1e4
    for _ in range(50):
        middle = (low + high) / 2
        if float((weight * np.minimum(middle * engagement, _MOST)).sum()) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _chunks(rows: Ints, width: int) -> Iterator[Ints]:
    step = max(1, _CELLS // max(width, 1))
    for begin in range(0, len(rows), step):
        yield rows[begin : begin + step]


def _show_to_followers(scene: _Scene, log: _Log, actor: int, scale: float) -> None:
    """Show an actor's posts to its followers and draw what these do."""
    spec, followers = scene.cast[actor], scene.audiences[actor]
    rng = scene.streams(f"shown {spec.actor_id}")
    see = scene.chance_to_see(actor).astype(np.float32)
    act = (scale * scene.people.engagement[followers]).astype(np.float32)
    reached = np.zeros(len(followers), dtype=np.bool_)
    for rows in _chunks(scene.posts_of(actor), len(followers)):
        drawn = rng.random((len(rows), len(followers)), dtype=np.float32)
        shown = drawn < see
        log.views[rows] += shown.sum(axis=1)
        reached |= shown.any(axis=0)
        # One draw for both: those who act are among those who see, in the right share of them.
        acting = np.minimum(act * scene.posts.appeal[rows].astype(np.float32)[:, None], np.float32(_MOST)) * see
        row, column = np.nonzero(drawn < acting)
        log.events.append(_direct(scene, actor, rows[row], followers[column], rng))
    log.reach(actor, followers[reached])


def _direct(scene: _Scene, actor: int, post: Ints, person: Members, rng: np.random.Generator) -> Events:
    spec, parameters, count = scene.cast[actor], scene.parameters, len(post)
    if spec.platform == "x":
        likes, reshares, replies, quotes = parameters.x_mix
        order, shares = (REACTION, RESHARE, REPLY, QUOTE), (likes, reshares, replies, quotes)
        chance = np.asarray(
            [0.0, parameters.observed_reshares, parameters.observed_replies, parameters.observed_replies]
        )
    else:
        talk = parameters.comment_share if spec.discussion else 0.0
        order, shares = (REACTION, RESHARE, REPLY, QUOTE), (0.91 - talk, 0.09, talk, 0.0)
        # People forward to their own chats, where nobody counts whom; reactions are listed in a discussion group only.
        chance = np.asarray([parameters.observed_reactions if spec.discussion else 0.0, 0.0, 1.0, 0.0])
    drawn = np.searchsorted(np.cumsum(shares)[:-1], rng.random(count), side="right")
    account = scene.accounts.x(person) if spec.platform == "x" else scene.accounts.telegram(person)
    return Events(
        post=post,
        account=account,
        kind=np.asarray(order)[drawn],
        at=scene.posts.at[post] + _delays(scene.posts.delay[post], rng),
        seen=rng.random(count) < chance[drawn],
        parent=scene.posts.author[post],
        depth=np.ones(count, dtype=np.int64),
    )


def _delays(median: Floats, rng: np.random.Generator) -> Ints:
    """Draw log-normal delays, whole seconds, at least four."""
    return np.maximum(4, median * np.exp(1.25 * rng.standard_normal(len(median)))).astype(np.int64)


def _pass_on(scene: _Scene, log: _Log) -> None:
    """Let named actors take over posts of others, and show these to their own followers."""
    rng, posts = scene.streams("passed on"), scene.posts
    named = np.flatnonzero(posts.actor >= 0)
    platform = np.asarray([spec.platform for spec in scene.cast])
    weight = np.asarray([{"media": 0.6, "state": 0.3}.get(spec.kind, 1.0) for spec in scene.cast])
    weight[[spec.traditional for spec in scene.cast]] = 0.0
    count = int(rng.poisson(scene.parameters.passed_on * 8))
    post = rng.choice(named, size=count)
    taker = np.searchsorted(np.cumsum(weight), rng.random(count) * weight.sum(), side="right")
    author = posts.actor[post]
    person = np.unique([spec.person or spec.actor_id for spec in scene.cast], return_inverse=True)[1]
    camp = np.unique([spec.camp for spec in scene.cast], return_inverse=True)[1]
    fits = (platform[taker] == platform[author]) & (person[taker] != person[author])
    fits &= (camp[taker] == camp[author]) | (rng.random(count) < 0.55)
    # The great seldom quote the small.
    size = np.maximum(scene.audiences.sizes, 1)
    fits &= rng.random(count) < np.sqrt(size[author] / size[taker])
    # One actor takes a post over once.
    first = np.unique(post * len(scene.cast) + taker, return_index=True)[1]
    kept = np.intersect1d(first, np.flatnonzero(fits))[: scene.parameters.passed_on]
    post, taker = post[kept], taker[kept]
    at = posts.at[post] + _delays(posts.delay[post] * 2, rng)
    log.events.append(
        Events(
            post, scene.accounts.actor(taker), np.full(len(post), RESHARE), at, np.ones(len(post), dtype=np.bool_),
            posts.author[post], np.ones(len(post), dtype=np.int64),
        )
    )  # fmt: skip
    for one, by in zip(post[at <= scene.parameters.end], taker[at <= scene.parameters.end], strict=True):
        followers = scene.audiences[int(by)]
        shown = followers[rng.random(len(followers)) < scene.chance_to_see(int(by))]
        log.views[one] += len(shown)
        log.shown[posts.actor[one], shown] = True


def _reshare_rate(scene: _Scene) -> float:
    """Return the factor on engagement at which one reshare causes `reproduction` others."""
    graph, people = scene.graph, scene.people
    engagement = people.engagement[graph.people]
    chance = people.attention[graph.people] * engagement
    sums = np.concatenate([[0.0], np.cumsum(chance[graph.followers])])
    per_node = sums[graph.bounds[1:]] - sums[graph.bounds[:-1]]
    total = float((engagement * per_node).sum())
    return scene.parameters.reproduction * float(engagement.sum()) / total if total else 0.0


def _cascade(scene: _Scene, log: _Log, direct: Events, rate: float) -> list[Events]:
    """Run the cascades on X, all posts at once, one generation after another."""
    rng, graph, posts, accounts = scene.streams("cascade"), scene.graph, scene.posts, scene.accounts
    nodes = len(graph.people)
    by_people = (direct.kind == RESHARE) & posts.on_x[direct.post] & (direct.at <= scene.parameters.end)
    by_people &= (direct.account >= accounts.people) & (direct.account < 2 * accounts.people)
    written = np.flatnonzero((posts.actor < 0) & (posts.author < 2 * accounts.people))
    post = np.concatenate([direct.post[by_people], written])
    person = np.concatenate([direct.account[by_people], posts.author[written]]) - accounts.people
    node = np.searchsorted(graph.people, person)
    at = np.concatenate([direct.at[by_people], posts.at[written]])
    depth = np.concatenate([direct.depth[by_people], np.zeros(len(written), dtype=np.int64)])
    active = distinct(post * nodes + node)
    generations: list[Events] = []
    for _ in range(_DEEPEST):
        if not len(post):
            break
        edge, cause = _expand(graph, node)
        see = scene.people.attention[graph.people[graph.followers[edge]]]
        shown = rng.random(len(edge)) < see
        edge, cause = edge[shown], cause[shown]
        follower = graph.followers[edge].astype(np.int64)
        np.add.at(log.views, post[cause], 1)
        actors = posts.actor[post[cause]]
        log.shown[actors[actors >= 0], graph.people[follower[actors >= 0]]] = True
        chance = rate * scene.people.engagement[graph.people[follower]] * posts.appeal[post[cause]]
        again = np.flatnonzero(rng.random(len(edge)) < chance)
        key = post[cause[again]] * nodes + follower[again]
        fresh, first = np.unique(key, return_index=True)
        first = first[~np.isin(fresh, active, assume_unique=True)]
        again = again[first]
        active = np.sort(np.concatenate([active, key[first]]))
        parents, old = accounts.x(graph.people[node[cause[again]]]), cause[again]
        at = at[old] + _delays(posts.delay[post[old]], rng)
        post, node, depth = post[old], follower[again], depth[old] + 1
        # What is passed on after the window is not part of the study, nor what follows from it.
        inside = at <= scene.parameters.end
        post, node, depth, at, parents = post[inside], node[inside], depth[inside], at[inside], parents[inside]
        seen = rng.random(len(post)) < scene.parameters.observed_reshares
        account = accounts.x(graph.people[node])
        generations.append(Events(post, account, np.full(len(post), RESHARE), at, seen, parents, depth))
    return generations


def _expand(graph: FollowerGraph, node: Ints) -> tuple[Ints, Ints]:
    """Return all edges to followers of the nodes, and for each edge the place of its node."""
    begin, count = graph.bounds[node], graph.bounds[node + 1] - graph.bounds[node]
    cause = np.repeat(np.arange(len(node)), count)
    offset = np.repeat(begin - (np.cumsum(count) - count), count)
    return offset + np.arange(int(count.sum())), cause


def _show_issues(scene: _Scene, log: _Log, actor: int) -> Ints:
    """Return the readers of each issue, or day, of a traditional medium."""
    rng, readers = scene.streams(f"issues {scene.cast[actor].actor_id}"), scene.audiences[actor]
    see = scene.chance_to_see(actor).astype(np.float32)
    reached = np.zeros(len(readers), dtype=np.bool_)
    counts = []
    for rows in _chunks(np.arange(scene.cast[actor].issues), len(readers)):
        shown = rng.random((len(rows), len(readers)), dtype=np.float32) < see
        counts.append(shown.sum(axis=1))
        reached |= shown.any(axis=0)
    log.reach(actor, readers[reached])
    return np.concatenate(counts)
