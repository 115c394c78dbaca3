"""Who writes what and when: the posts before anybody has seen them."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from synthesis.cast import ActorSpec
from synthesis.parameters import Parameters, Streams
from synthesis.population import FollowerGraph, People
from synthesis.sets import AnyInts, Bools, Floats, Ints
from synthesis.texts import TextPool, Texts

__all__ = ["Accounts", "Originals", "join_originals", "moments", "write_posts"]

UTC_OFFSET = 5 * 3600
"""Kazakhstan's time, all year."""
_HOURS = np.asarray(
    [9, 5, 3, 2, 2, 3, 8, 20, 38, 42, 40, 38, 42, 44, 38, 36, 38, 42, 50, 58, 62, 56, 42, 22], dtype=float
)  # fmt: skip
"""Posts by local hour of the day."""
_QUICK = 150.0
_USUAL = 2_400.0
"""Median seconds until somebody acts on a post, for urgent and for other posts."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """Numbers of all accounts: people on Telegram, people on X, the coordinated group, then the named actors."""

    people: int
    coordinated: int
    named: int

    def telegram(self, person: AnyInts) -> Ints:
        """Return the Telegram accounts of people."""
        return person.astype(np.int64)

    def x(self, person: AnyInts) -> Ints:
        """Return the X accounts of people."""
        return person.astype(np.int64) + self.people

    def group(self, member: AnyInts) -> Ints:
        """Return the accounts of the coordinated group."""
        return member.astype(np.int64) + 2 * self.people

    def actor(self, index: AnyInts) -> Ints:
        """Return the accounts of named actors."""
        return index.astype(np.int64) + self.first_named

    @property
    def first_named(self) -> int:
        """Account of the first named actor."""
        return 2 * self.people + self.coordinated

    @property
    def count(self) -> int:
        """Number of all accounts, existing or not."""
        return 2 * self.people + self.coordinated + self.named


@dataclass(frozen=True, slots=True)
class Originals:
    """One entry per post that is nobody's reshare or reply."""

    author: Ints
    """Account."""
    actor: Ints
    """Named actor, or -1."""
    on_x: Bools
    at: Ints
    """Unix time, seconds."""
    text: Ints
    appeal: Floats
    """Factor on the chance that somebody acts on it; 1 on average."""
    delay: Floats
    """Median seconds until somebody acts on it."""
    link: Ints
    """Number of the link that it carries, or -1."""
    mention: Ints
    """Named actor that it mentions, or -1."""
    event: Ints
    """Number of the coordinated event that it belongs to, or -1."""

    def __len__(self) -> int:
        return len(self.at)


def join_originals(parts: Sequence[Originals]) -> Originals:
    """Put posts together."""
    return Originals(
        **{field.name: np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Originals)}
    )


def moments(parameters: Parameters, count: int, rng: np.random.Generator) -> Ints:
    """Draw times within the window that follow the daily rhythm of the city."""
    hour = np.searchsorted(np.cumsum(_HOURS / _HOURS.sum())[:-1], rng.random(count), side="right")
    local = hour * 3600 + rng.integers(3600, size=count)
    # A local night reaches into the day before in UTC: turned round, so that all days of the window are alike.
    return parameters.begin + rng.integers(parameters.days, size=count) * 86_400 + (local - UTC_OFFSET) % 86_400


def write_posts(
    parameters: Parameters,
    cast: Sequence[ActorSpec],
    people: People,
    graph: FollowerGraph,
    texts: Texts,
    accounts: Accounts,
    streams: Streams,
) -> tuple[Originals, list[tuple[int, int]], TextPool]:
    """Return the posts of actors and inhabitants, the syndicated pairs among them, and the texts left over."""
    pool = TextPool(texts, streams("texts"))
    posts = _actor_posts(parameters, cast, pool, accounts, streams)
    pairs = _syndicate(parameters, cast, posts, streams("syndication"))
    ordinary = _ordinary_posts(parameters, cast, people, graph, pool, accounts, streams("ordinary posts"))
    return join_originals([posts, ordinary]), pairs, pool


def _actor_posts(
    parameters: Parameters, cast: Sequence[ActorSpec], pool: TextPool, accounts: Accounts, streams: Streams
) -> Originals:
    rows: dict[str, tuple[Ints, Ints]] = {}
    for spec in cast:
        rng = streams(f"posts {spec.actor_id}")
        rows[spec.actor_id] = _mirror(spec, rows, rng) if spec.mirrors else _compose(parameters, spec, pool, rng)
    actor = np.repeat(np.arange(len(cast)), [len(rows[spec.actor_id][0]) for spec in cast])
    rng, count = streams("posts"), len(actor)
    urgent = (rng.random(count) < 0.12) & np.isin(actor, _places(cast, "state", "media"))
    on_x = np.isin(actor, [index for index, spec in enumerate(cast) if spec.platform == "x"])
    linked = np.isin(actor, [index for index, spec in enumerate(cast) if spec.links]) & on_x
    mention = np.where(on_x & (rng.random(count) < 0.07), rng.choice(_mentionable(cast), size=count), -1)
    return Originals(
        author=accounts.actor(actor),
        actor=actor,
        on_x=on_x,
        at=np.minimum(np.concatenate([rows[spec.actor_id][0] for spec in cast]), parameters.end),
        text=np.concatenate([rows[spec.actor_id][1] for spec in cast]),
        appeal=np.exp(0.5 * rng.standard_normal(count) - 0.125),
        delay=np.where(urgent, _QUICK, _USUAL),
        link=np.where(linked, np.arange(count), -1),
        mention=np.where(mention == actor, -1, mention),
        event=np.full(count, -1),
    )


def _compose(parameters: Parameters, spec: ActorSpec, pool: TextPool, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return times and texts: labels and languages in the shares that the actor has, exactly but for rounding."""
    chosen = []
    for label, count in enumerate(_apportion(spec.posts, spec.labels)):
        shares = [share for _, share in spec.languages]
        for (language, _), part in zip(spec.languages, _apportion(count, shares), strict=True):
            chosen.append(pool.take(label, language, part, spec.topics, reports=spec.kind in ("media", "state")))
    texts = rng.permutation(np.concatenate(chosen))
    return np.sort(moments(parameters, spec.posts, rng)), texts


def _apportion(count: int, shares: Sequence[float]) -> list[int]:
    """Divide a count by largest remainders."""
    exact = np.asarray(shares) * count / sum(shares)
    parts = np.floor(exact + 1e-9).astype(int)
    for index in np.argsort(parts - exact, kind="stable")[: count - int(parts.sum())]:
        parts[index] += 1
    return [int(part) for part in parts]


def _mirror(spec: ActorSpec, rows: dict[str, tuple[Ints, Ints]], rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Return some posts of the mirrored account, a few minutes later."""
    at, texts = rows[spec.mirrors or ""]
    kept = np.sort(rng.permutation(len(at))[: spec.posts])
    return at[kept] + rng.integers(40, 400, size=len(kept)), texts[kept]


def _syndicate(
    parameters: Parameters, cast: Sequence[ActorSpec], posts: Originals, rng: np.random.Generator
) -> list[tuple[int, int]]:
    """Give some media the text that another of the same platform published minutes before; return the pairs."""
    media = np.flatnonzero(np.isin(posts.actor, _places(cast, "media")))
    pairs: list[tuple[int, int]] = []
    taken: set[int] = set()
    for first in (int(one) for one in rng.permutation(media)):
        others = media[(posts.on_x[media] == posts.on_x[first]) & (posts.actor[media] != posts.actor[first])]
        if len(pairs) == parameters.syndicated or not len(others):
            continue
        second = int(rng.choice(others))
        if {first, second} & taken:
            continue
        posts.text[second] = posts.text[first]
        posts.at[second] = min(int(posts.at[first]) + int(rng.integers(120, 1200)), parameters.end)
        taken |= {first, second}
        pairs.append((first, second))
    return pairs


def _ordinary_posts(
    parameters: Parameters,
    cast: Sequence[ActorSpec],
    people: People,
    graph: FollowerGraph,
    pool: TextPool,
    accounts: Accounts,
    rng: np.random.Generator,
) -> Originals:
    count = parameters.ordinary_posts
    weights = np.cumsum(people.engagement[graph.people] * (np.diff(graph.bounds) > 0))
    writers = graph.people[np.searchsorted(weights, rng.random(count) * weights[-1], side="right")]
    label = np.searchsorted([0.72, 0.93], rng.random(count), side="right")
    language = np.searchsorted([0.35, 0.75, 0.93], rng.random(count), side="right")
    text = np.empty(count, dtype=np.int64)
    for one in range(3):
        for place, name in enumerate(("kk", "ru", "mix", "en")):
            here = np.flatnonzero((label == one) & (language == place))
            text[here] = pool.take(one, name, len(here)) if len(here) else 0
    return Originals(
        author=accounts.x(writers),
        actor=np.full(count, -1),
        on_x=np.ones(count, dtype=np.bool_),
        at=moments(parameters, count, rng),
        text=text,
        appeal=np.exp(0.5 * rng.standard_normal(count) - 0.125),
        delay=np.full(count, _USUAL),
        link=np.full(count, -1),
        mention=np.where(rng.random(count) < 0.35, rng.choice(_mentionable(cast), size=count), -1),
        event=np.full(count, -1),
    )


def _places(cast: Sequence[ActorSpec], *kinds: str) -> list[int]:
    return [index for index, spec in enumerate(cast) if spec.kind in kinds and not spec.traditional]


def _mentionable(cast: Sequence[ActorSpec]) -> list[int]:
    return [index for index, spec in enumerate(cast) if spec.platform == "x"] or [-1]
