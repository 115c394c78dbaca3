"""The people: what they care about, where they have accounts, whom they follow and what they read."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthesis.cast import DIMENSIONS, TRADITIONAL, ActorSpec
from synthesis.parameters import Parameters, Streams
from synthesis.sets import Floats, Ints, Members, Sets, distinct

__all__ = ["FollowerGraph", "People", "draw_audiences", "draw_follower_graph", "draw_people"]

_COMMUNITIES = 8
_LANGUAGE_GROUPS = (0.40, 0.32, 0.24, 0.04)
"""Shares of people who read Kazakh, Russian, both, or also English."""
_UNDERSTOOD = {
    "kk": (1.0, 0.1, 1.0, 0.8),
    "ru": (0.25, 1.0, 1.0, 1.0),
    "mix": (0.5, 0.6, 1.0, 0.8),
    "en": (0, 0, 0.1, 1),
}
_CALIBRATION_SAMPLE = 10_000


@dataclass(frozen=True, slots=True)
class People:
    """One entry per person in every array."""

    community: Ints
    interests: Floats
    """One row per person in the latent space."""
    language: Ints
    age: Floats
    """Standardised: newspapers, TV and radio are for the older, platforms for the younger."""
    attention: Floats
    """Propensity to see what is shown, in (0, 1)."""
    engagement: Floats
    """Propensity to act on what was seen; 0 for the many who never do, 1 on average among the others."""
    accounts: dict[str, Members]
    """People with an account, sorted, per platform; traditional media need none."""

    @property
    def count(self) -> int:
        """Number of people."""
        return len(self.age)


def draw_people(parameters: Parameters, streams: Streams) -> People:
    """Draw the population."""
    rng, count = streams("people"), parameters.people
    community = rng.integers(_COMMUNITIES, size=count)
    centres = 0.8 * rng.standard_normal((_COMMUNITIES, DIMENSIONS))
    interests = centres[community] + 0.6 * rng.standard_normal((count, DIMENSIONS))
    language = np.searchsorted(np.cumsum(_LANGUAGE_GROUPS)[:-1], rng.random(count), side="right")
    age = rng.standard_normal(count)
    attention = 1 / (1 + np.exp(0.3 - rng.standard_normal(count)))
    active = rng.random(count) < 0.4
    # Log-normal with mean 1: a few people do most of the acting.
    engagement = np.where(active, np.exp(1.2 * rng.standard_normal(count) - 0.72), 0.0)
    everyone = np.arange(count, dtype=np.int32)
    accounts = dict.fromkeys(("press", "tv", "radio"), everyone)
    for platform, share, slope in (("telegram", parameters.telegram_share, -0.7), ("x", parameters.x_share, -0.9)):
        chance = _calibrated(slope * age, share)
        accounts[platform] = everyone[rng.random(count) < chance]
    return People(community, interests, language, age, attention, engagement, accounts)


def _calibrated(score: Floats, share: float) -> Floats:
    """Return probabilities that rise with the score and are `share` on average; read off a sample, so nearly."""
    sample = score[:_CALIBRATION_SAMPLE]
    low, high = -60.0, 60.0
    for _ in range(40):
        middle = (low + high) / 2
        if float(np.mean(1 / (1 + np.exp(-(sample + middle))))) < share:
            low = middle
        else:
            high = middle
    return np.asarray(1 / (1 + np.exp(-(score + (low + high) / 2))))


def draw_audiences(people: People, cast: Sequence[ActorSpec], interests: Floats, streams: Streams) -> Sets:
    """Draw who follows or reads each actor: the true audiences, as sets of people.

    Platform accounts are followed by people with an account there; the chance rises with common interests, a common
    language and fitting age, so audiences overlap more within a camp than chance would have it.
    """
    # Gathered once per platform: of a million people this is the slow part.
    cares = {platform: people.interests[members] for platform, members in people.accounts.items()}
    reads = {platform: people.language[members] for platform, members in people.accounts.items()}
    older = {platform: 0.6 * people.age[people.accounts[platform]] for platform in TRADITIONAL}
    sets = []
    for spec, about in zip(cast, interests, strict=True):
        members = people.accounts[spec.platform]
        understood = sum(weight * np.asarray(_UNDERSTOOD[name], dtype=float) for name, weight in spec.languages)
        score = cares[spec.platform] @ about + (2.0 * np.log(0.05 + understood))[reads[spec.platform]]
        if spec.traditional:
            score += older[spec.platform]
        chance = _calibrated(score, min(0.95, spec.audience * people.count / len(members)))
        sets.append(members[streams(f"audience {spec.actor_id}").random(len(members)) < chance])
    return Sets.of(sets, people.count)


@dataclass(frozen=True, slots=True)
class FollowerGraph:
    """Who follows whom among people on X: `followers[bounds[u]:bounds[u + 1]]` are the followers of node `u`."""

    people: Members
    """The person of each node, sorted."""
    bounds: Ints
    followers: Members
    """Nodes, not people."""

    @property
    def sources(self) -> Members:
        """The person followed, per edge."""
        return np.repeat(self.people, np.diff(self.bounds))


def draw_follower_graph(people: People, streams: Streams) -> FollowerGraph:
    """Draw a follower graph: heavy-tailed popularity, seven of ten ties within a community."""
    rng, members = streams("follower graph"), people.accounts["x"]
    count = len(members)
    # Nodes in order of community, so that a community is a range of the cumulated popularity.
    order = np.argsort(people.community[members], kind="stable")
    popularity = np.exp(1.2 * rng.standard_normal(count))
    cumulated = np.concatenate([[0.0], np.cumsum(popularity[order])])
    edges = np.searchsorted(people.community[members][order], np.arange(_COMMUNITIES + 1))
    follows = np.minimum(np.floor(np.exp(2.1 + 0.8 * rng.standard_normal(count))), 200).astype(np.int64)
    source = np.repeat(np.arange(count), follows)
    own = people.community[members][source]
    near = rng.random(len(source)) < 0.7
    low = np.where(near, cumulated[edges[own]], 0.0)
    high = np.where(near, cumulated[edges[own + 1]], cumulated[-1])
    place = np.searchsorted(cumulated, low + rng.random(len(source)) * (high - low), side="right") - 1
    target = order[np.minimum(place, count - 1)]
    pairs = distinct((target * count + source)[target != source])
    bounds = np.searchsorted(pairs, np.arange(count + 1, dtype=np.int64) * count).astype(np.int64)
    return FollowerGraph(members, bounds, (pairs % count).astype(np.int32))
