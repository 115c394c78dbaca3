"""A synthetic study: tables of the data contract, and the truth behind them."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from influence.tables import conform
from synthesis.measurement import actions_table, audiences_table, overlaps_table
from synthesis.parameters import Parameters
from synthesis.tables import actors_table, interactions_table, objects_table, post_ids, posts_table
from synthesis.truth import Truth, truth_of
from synthesis.world import World, simulate

__all__ = ["SyntheticStudy", "synthesise"]


@dataclass(frozen=True)
class SyntheticStudy:
    """What was observed, as tables of the data contract, and what is true.

    `posts` and `interactions` hold what was collected; counts in `posts` are those that the platform shows, which
    cover all acts. Kinds of actors that a roster would not name are `unknown`.
    """

    parameters: Parameters
    actors: pa.Table
    posts: pa.Table
    interactions: pa.Table
    objects: pa.Table
    audiences: pa.Table
    overlaps: pa.Table
    actions: pa.Table
    truth: Truth
    world: World = field(repr=False)

    @property
    def tables(self) -> dict[str, pa.Table]:
        """The tables of the data contract by name."""
        names = ("actors", "posts", "interactions", "objects", "audiences", "overlaps", "actions")
        return {name: getattr(self, name) for name in names}

    def follows(self) -> pa.Table:
        """Return the follower lists of all named accounts as interactions of kind `follow`; the time is not known."""
        world, audiences = self.world, self.world.audiences
        followed = np.repeat(np.arange(len(world.cast)), audiences.sizes)
        on_x = np.asarray([spec.platform == "x" for spec in world.cast])[followed]
        has_account = ~np.asarray([spec.traditional for spec in world.cast])[followed]
        person = audiences.members.astype(np.int64)
        source = np.where(on_x, world.accounts.x(person), world.accounts.telegram(person))[has_account]
        columns = {
            "source": world.names.actor_id(source),
            "target": world.names.actor_id(world.accounts.actor(followed[has_account])),
            "kind": pa.array(["follow"]).take(pa.array(np.zeros(len(source), dtype=np.int64))),
        }
        return conform("interactions", pa.table(columns))


def synthesise(parameters: Parameters, texts: Path | None = None) -> SyntheticStudy:
    """Make a study from its parameters: the same parameters and texts give the same study.

    `texts` is a folder of written posts; by default those that the project ships.

    Raises ValueError if the parameters contradict each other, FileNotFoundError if there are no written posts.
    """
    world = simulate(parameters, texts)
    ids = post_ids(world)
    overlaps = overlaps_table(world)
    return SyntheticStudy(
        parameters=parameters,
        actors=actors_table(world),
        posts=posts_table(world, ids),
        interactions=interactions_table(world, ids),
        objects=objects_table(world, ids),
        audiences=audiences_table(world),
        overlaps=overlaps,
        actions=actions_table(world, ids),
        truth=truth_of(world, ids, overlaps),
        world=world,
    )
