"""The planted coordinated group: accounts of nobody that share the same things within seconds of each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from synthesis.cast import ActorSpec
from synthesis.parameters import Parameters, Streams
from synthesis.posting import Accounts, Originals
from synthesis.sets import Bools, Ints
from synthesis.spread import RESHARE, Events
from synthesis.texts import LABELS, TextPool

__all__ = ["Coordination", "plant_group"]

_PARTICIPATION = 0.8


@dataclass(frozen=True, slots=True)
class Coordination:
    """What the group did: reshares as events on posts, and posts of its own with one text and link each time."""

    events: Events
    targets: Ints
    """Posts that the group reshares; the place here is the number of the coordinated event."""
    copies: Originals
    count: int
    """Number of coordinated events."""


def plant_group(
    parameters: Parameters,
    cast: Sequence[ActorSpec],
    posts: Originals,
    labels: Ints,
    pool: TextPool,
    accounts: Accounts,
    streams: Streams,
) -> Coordination:
    """Let the group reshare manipulative calls of leaders on X, and post copies of further ones.

    `labels` has the label of each post's text. Raises ValueError if no leader on X made such a call.
    """
    rng = streams("coordinated group")
    targets = _targets(parameters, cast, posts, labels)
    if parameters.coordinated_reshares and not len(targets):
        raise ValueError("a coordinated group needs manipulative calls of a leader on X, and there is none")
    chosen = np.sort(rng.permutation(targets)[: parameters.coordinated_reshares])
    start = posts.at[chosen] + rng.integers(60, 1800, size=len(chosen))
    present, at = _acts(parameters, start, rng)
    event, member = np.nonzero(present)
    post = chosen[event]
    reshares = Events(
        post=post,
        account=accounts.group(member),
        kind=np.full(len(post), RESHARE),
        at=at[present],
        seen=np.ones(len(post), dtype=np.bool_),
        parent=posts.author[post],
        depth=np.ones(len(post), dtype=np.int64),
    )
    copies = _copies(parameters, len(chosen), len(posts), pool, accounts, rng)
    return Coordination(reshares, chosen, copies, len(chosen) + parameters.coordinated_copies)


def _targets(parameters: Parameters, cast: Sequence[ActorSpec], posts: Originals, labels: Ints) -> Ints:
    """Return the manipulative calls of the leaders on X who make the most of them."""
    calls = (labels == LABELS.index("manipulative")) & posts.on_x & (posts.actor >= 0)
    leaders = [index for index, spec in enumerate(cast) if spec.kind == "leader" and spec.labels[2] >= 0.3]
    # Early enough for the group to act within the window.
    return np.flatnonzero(calls & np.isin(posts.actor, leaders) & (posts.at < parameters.end - 3_600))


def _acts(parameters: Parameters, start: Ints, rng: np.random.Generator) -> tuple[Bools, Ints]:
    """Return who takes part in each event and when; at least two do."""
    shape = (len(start), parameters.coordinated_accounts)
    drawn = rng.random(shape)
    present = drawn < _PARTICIPATION
    np.put_along_axis(present, np.argsort(drawn, axis=1, kind="stable")[:, :2], True, axis=1)
    return present, start[:, None] + rng.integers(parameters.coordinated_window, size=shape)


def _copies(
    parameters: Parameters,
    first_event: int,
    first_link: int,
    pool: TextPool,
    accounts: Accounts,
    rng: np.random.Generator,
) -> Originals:
    count = parameters.coordinated_copies
    languages = rng.choice(["kk", "ru"], size=count)
    texts = [int(pool.take(LABELS.index("manipulative"), str(language), 1)[0]) for language in languages]
    start = parameters.begin + rng.integers(6 * 3600, parameters.days * 86_400 - 6 * 3600, size=count)
    present, at = _acts(parameters, start, rng)
    event, member = np.nonzero(present)
    size = len(event)
    return Originals(
        author=accounts.group(member),
        actor=np.full(size, -1),
        on_x=np.ones(size, dtype=np.bool_),
        at=at[present],
        text=np.asarray(texts, dtype=np.int64)[event],
        appeal=np.ones(size),
        delay=np.full(size, 2_400.0),
        link=first_link + event,
        mention=np.full(size, -1),
        event=first_event + event,
    )
