"""How audiences are measured: published figures of traditional media, and a survey of who reads what."""

import itertools
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from influence.tables import SCHEMAS
from synthesis.cast import ActorSpec
from synthesis.sets import Bools
from synthesis.texts import LABELS
from synthesis.world import World

__all__ = ["ACTS_PER_VIEW", "actions_table", "audiences_table", "overlaps_table"]

ACTS_PER_VIEW = {"signature": 0.012, "participants": 0.004}
"""True rates at which a showing of a call brings somebody to sign, or to come."""

_COUNTED_CALLS = 6
_MEDIUM = {"press": "newspaper", "tv": "tv", "radio": "radio"}
_LARGEST_CAST = 60
"""Actors asked about in a survey, at most: nobody answers a longer list."""


def actions_table(world: World, ids: pa.Array) -> pa.Table:
    """Return what was counted after the widest-seen open call of each leader: signatures and participants in turn."""
    rng, posts, rows = world.stream("actions"), world.posts, world.rows
    open_call = world.labels == LABELS.index("positive")
    found: list[dict[str, object]] = []
    for index, spec in enumerate(world.cast):
        calls = np.flatnonzero((posts.actor == index) & open_call)
        if spec.kind != "leader" or not len(calls) or len(found) >= _COUNTED_CALLS:
            continue
        call = int(calls[np.argmax(world.spread.views[calls])])
        action = list(ACTS_PER_VIEW)[len(found) % 2]
        count = int(rng.poisson(ACTS_PER_VIEW[action] * world.spread.views[call]))
        at = min(int(posts.at[call]) + 3 * 86_400, world.parameters.end)
        source = "petition site" if action == "signature" else "organisers' count"
        found.append(
            {
                "actor_id": spec.actor_id,
                "post_id": str(ids[int(rows.of_original[call])].as_py()),
                "action": action,
                "at": datetime.fromtimestamp(at, UTC),
                "count": float(count),
                "source": f"{source} (fictional)",
            }
        )
    return pa.Table.from_pylist(found, schema=SCHEMAS["actions"])


def audiences_table(world: World) -> pa.Table:
    """Return the published figures of the traditional media: close to the truth, rounded, and off by some percent."""
    rows: list[dict[str, object]] = []
    for index, spec in enumerate(world.cast):
        if spec.traditional:
            rows.extend(_published(world, index, spec))
    return pa.Table.from_pylist(rows, schema=SCHEMAS["audiences"])


def _published(world: World, index: int, spec: ActorSpec) -> list[dict[str, object]]:
    rng = world.stream(f"figures {spec.actor_id}")
    error = float(np.exp(0.03 * rng.standard_normal()))
    shown = float(np.median(world.spread.issue_readers[index]))
    widest = "readers" if spec.platform == "press" else "weekly_reach"
    figures = [(widest, _rounded(int(world.audiences.sizes[index]) * error), "media survey")]
    if spec.copies_read_by:
        figures.append(("circulation", _rounded(shown / spec.copies_read_by), "imprint"))
    elif spec.rated:
        figures.append(("rating", round(100 * shown * error / world.people.count, 1), "audience panel"))
    else:
        narrow = "average_issue_readership" if spec.platform == "press" else "daily_reach"
        figures.append((narrow, _rounded(shown * error), "media survey"))
    return [
        {
            "actor_id": spec.actor_id,
            "medium": _MEDIUM[spec.platform],
            "measure": measure,
            "value": value,
            "period": f"{world.parameters.start:%Y-%m}/{world.parameters.last_day:%Y-%m}",
            "population": world.people.count,
            "source": f"{source} of {spec.name} (fictional)",
        }
        for measure, value, source in figures
    ]


def _rounded(value: float) -> float:
    """Round to three digits, as such figures are given."""
    return float(round(value, 3 - len(str(int(value)))))


def overlaps_table(world: World) -> pa.Table:
    """Return what a simple random sample of inhabitants says about pairs of the leaders and media that they follow.

    `share_a_in_b` is the share of a's audience that b has too; `n` counts the respondents who are in a's audience,
    so it is the base of the share. A pair stands once, the smaller audience as a.
    """
    asked = _asked(world)
    answers = _survey(world, asked)
    source = f"survey of {world.parameters.survey} inhabitants, {world.parameters.last_day:%B %Y} (fictional)"
    rows = []
    for first, second in itertools.combinations(range(len(asked)), 2):
        a, b = (second, first) if answers[first].sum() >= answers[second].sum() else (first, second)
        base = int(answers[a].sum())
        if base:
            rows.append(
                {
                    "actor_a": world.cast[asked[a]].actor_id,
                    "actor_b": world.cast[asked[b]].actor_id,
                    "share_a_in_b": round(int((answers[a] & answers[b]).sum()) / base, 4),
                    "n": base,
                    "source": source,
                }
            )
    return pa.Table.from_pylist(rows, schema=SCHEMAS["overlaps"])


def _asked(world: World) -> list[int]:
    """Return the actors that the survey asks about: outlets and leaders, the largest where there are many."""
    fit = [index for index, spec in enumerate(world.cast) if spec.kind in ("leader", "media") and spec.platform != "x"]
    fit.sort(key=lambda index: (-int(world.audiences.sizes[index]), index))
    return sorted(fit[:_LARGEST_CAST])


def _survey(world: World, asked: list[int]) -> list[Bools]:
    """Return for each actor asked about who among the respondents is in its audience."""
    respondents = world.stream("survey").permutation(world.people.count)[: world.parameters.survey]
    return [world.audiences.contains(index, respondents) for index in asked]
