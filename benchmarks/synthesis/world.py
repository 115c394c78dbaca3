"""The whole simulated world, as arrays, before any of it is written down."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from synthesis.cast import ActorSpec, cast_of, interests_of
from synthesis.coordination import Coordination, plant_group
from synthesis.identifiers import AccountNames, telegram_numbers, x_numbers
from synthesis.parameters import Parameters, Streams
from synthesis.population import FollowerGraph, People, draw_audiences, draw_follower_graph, draw_people
from synthesis.posting import Accounts, Originals, join_originals, write_posts
from synthesis.sets import Ints, Sets
from synthesis.spread import REACTION, RESHARE, Spread, spread_posts
from synthesis.texts import Texts, load_texts

__all__ = ["ORIGINAL", "RELAY", "ROLES", "Rows", "World", "simulate"]

ROLES = ("reshare", "reply", "quote", "reaction", "original", "relay")
"""What a row of the posts is; the first four as in `spread.KINDS`."""
ORIGINAL, RELAY = 4, 5
"""A relay is the copy of a channel's post that Telegram puts into the channel's discussion group."""


@dataclass(frozen=True, slots=True)
class Rows:
    """One entry per post that an export would hold, in order of time."""

    role: Ints
    original: Ints
    """The post that it is, or acts on."""
    event: Ints
    """Place among the events, or -1."""
    author: Ints
    """Account."""
    at: Ints
    channel: Ints
    """Telegram: the named actor in whose channel it stands, plus the size of the cast for its group; X: -1."""
    number: Ints
    """The platform's number of the post."""
    of_original: Ints
    """Row of each original."""
    relay_of: Ints
    """Row of each original's relay, or -1."""

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True)
class World:
    """Everything that happened, seen or not."""

    parameters: Parameters
    cast: tuple[ActorSpec, ...]
    people: People
    audiences: Sets
    graph: FollowerGraph
    accounts: Accounts
    texts: Texts
    posts: Originals
    spread: Spread
    coordination: Coordination
    syndicated: list[tuple[int, int]]
    reply_text: Ints
    """Text of each event that is a reply or a quote."""
    rows: Rows

    @property
    def names(self) -> AccountNames:
        """What the accounts are called."""
        return AccountNames(self.cast, self.accounts)

    @property
    def labels(self) -> Ints:
        """Label of each original, a place in `texts.LABELS`."""
        return self.texts.labels[self.posts.text]

    def stream(self, stage: str) -> np.random.Generator:
        """Return the random stream of a stage."""
        return Streams(self.parameters.seed)(stage)


def simulate(parameters: Parameters, texts: Path | None = None) -> World:
    """Draw people, audiences, posts and what comes of them."""
    streams = Streams(parameters.seed)
    cast = cast_of(parameters, streams)
    people = draw_people(parameters, streams)
    audiences = draw_audiences(people, cast, interests_of(cast, streams), streams)
    graph = draw_follower_graph(people, streams)
    accounts = Accounts(people.count, parameters.coordinated_accounts, len(cast))
    written = load_texts(texts)
    posts, syndicated, pool = write_posts(parameters, cast, people, graph, written, accounts, streams)
    coordination = plant_group(parameters, cast, posts, written.labels[posts.text], pool, accounts, streams)
    posts = join_originals([posts, coordination.copies])
    spread = spread_posts(parameters, cast, people, audiences, graph, accounts, posts, coordination.events, streams)
    return World(
        parameters, cast, people, audiences, graph, accounts, written, posts, spread, coordination, syndicated,
        _reply_texts(written, posts, spread, streams), _rows(cast, accounts, posts, spread, streams),
    )  # fmt: skip


def _reply_texts(texts: Texts, posts: Originals, spread: Spread, streams: Streams) -> Ints:
    """Choose the words of each reply, mostly in the language of the post that it answers."""
    rng, events = streams("reply texts"), spread.events
    languages = np.asarray(texts.languages)
    replies = np.arange(texts.written, len(languages))
    # One more than there are events: rows that belong to none point at the last.
    chosen = rng.choice(replies, size=len(events) + 1)
    answered = languages[posts.text[events.post]]
    for language in np.unique(languages[replies]):
        here = np.flatnonzero((answered == language) & (rng.random(len(events)) < 0.8))
        chosen[here] = rng.choice(replies[languages[replies] == language], size=len(here))
    return chosen


def _rows(cast: tuple[ActorSpec, ...], accounts: Accounts, posts: Originals, spread: Spread, streams: Streams) -> Rows:
    events = spread.events
    talked = np.asarray([spec.discussion is not None for spec in cast])
    relayed = np.flatnonzero((posts.actor >= 0) & talked[posts.actor])
    written = np.flatnonzero(events.seen & (events.kind != REACTION))
    original = np.concatenate([np.arange(len(posts)), relayed, events.post[written]])
    role = np.concatenate([np.full(len(posts), ORIGINAL), np.full(len(relayed), RELAY), events.kind[written]])
    event = np.concatenate([np.full(len(posts) + len(relayed), -1), written])
    author = np.concatenate([posts.author, posts.author[relayed], events.account[written]])
    at = np.concatenate([posts.at, posts.at[relayed] + 1, events.at[written]])
    # On Telegram only named actors reshare in public; comments stand in the group of the channel.
    channel = np.select(
        [posts.on_x[original], role == RESHARE, role == ORIGINAL],
        [-1, author - accounts.first_named, posts.actor[original]],
        len(cast) + posts.actor[original],
    )
    order = np.lexsort((role, at))
    role, original, event, author, at, channel = (one[order] for one in (role, original, event, author, at, channel))
    of_original, relay_of = np.full(len(posts), -1), np.full(len(posts), -1)
    of_original[original[role == ORIGINAL]] = np.flatnonzero(role == ORIGINAL)
    relay_of[original[role == RELAY]] = np.flatnonzero(role == RELAY)
    number = _numbers(channel, at, streams)
    return Rows(role, original, event, author, at, channel, number, of_original, relay_of)


def _numbers(channel: Ints, at: Ints, streams: Streams) -> Ints:
    number = np.empty(len(at), dtype=np.int64)
    on_x = channel < 0
    number[on_x] = x_numbers(at[on_x], streams("x ids"))
    number[~on_x] = telegram_numbers(channel[~on_x], at[~on_x], streams("telegram ids"))
    return number
