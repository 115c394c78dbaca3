"""The two-step share: of the accounts that an outlet's items engaged, how many met them first through somebody else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from graphs.comparing.rows import Count, group_name, row
from graphs.figures import Figure, missing
from graphs.inputs import ACTING
from graphs.reaching.members import Member
from graphs.reaching.survey import wilson
from graphs.tables import pick

__all__ = ["two_step_rows"]

TWO_STEP = "first contact through a non-media account, of engaged (account, item) pairs"
UNKNOWN = "no act names the post it acts on (target_post), and no outlet's url was shared: chains are not known"
NOBODY = "nobody is known to have shared its items"
LONGEST_CHAIN = 4
"""Steps of reshares of reshares that are followed."""


def two_step_rows(
    interactions: Any, posts: Any, objects: Any, members: Sequence[Member], listed: Sequence[Member], confidence: float
) -> Iterator[dict[str, Any]]:
    """Yield the two-step share of all media together and of each listed outlet.

    Parameters
    ----------
    interactions, posts, objects
        Tables of the contract: `source, kind, at, post_id, target_post`; `post_id, actor_id, created_at`;
        `post_id, actor_id, kind, object, at`. Without `target_post` and urls the rows are null and say so.
    members, listed
        Everybody compared (their accounts of kind `media` are no intermediaries), and the outlets with a row each.

    Notes
    -----
    An item starts at an outlet: a post of its, or a url that it was the first to share. An account is engaged with it
    if it acted on a post that carries the item (the outlet's own, a reshare of it, a reshare of that, another post with
    the url) or shared its url. Its contact is the earliest such act; it is in two steps if the post acted on was
    written or reshared by an account that is no medium. Who shares a url without acting on a post that carries it
    counts as reached directly, so the share is rather too low. Platforms that credit every reshare to the original
    hide steps too. The interval is Wilson's with the effective number of pairs, since those of one item hang together.
    References: Katz & Lazarsfeld (1955), Personal Influence; Wu, Hofman, Mason & Watts (2011), WWW '11, 705-714.
    """
    outlets = {account: member.id for member in members if member.kind == "media" for account in member.accounts}
    contacts = _contacts(interactions, posts, objects, outlets) if outlets else None
    name = group_name("media")
    if contacts is None or not contacts.num_rows:
        why = "no actor of kind media in the roster" if not outlets else UNKNOWN
        yield row("two_step_share", "engaged", name, "", missing(why), Count(0, 0))
        return
    totals = _totals(contacts)
    yield _row(name, totals, np.ones(len(totals["outlet"]), dtype=bool), confidence)
    for member in listed:
        yield _row(member.id, totals, totals["outlet"] == member.id, confidence)


def _row(name: str, totals: dict[str, Any], chosen: Any, confidence: float) -> dict[str, Any]:
    n, through = totals["n"][chosen], totals["through"][chosen]
    if not n.sum():
        return row("two_step_share", "engaged", name, "", missing(NOBODY), Count(0, 0))
    total, share = float(n.sum()), float(through.sum() / n.sum())
    effective = total
    if len(n) > 1 and 0 < share < 1:
        # Variance of a ratio over items (clusters) against that of as many independent pairs.
        spread = len(n) / (len(n) - 1) * float(((through - share * n) ** 2).sum()) / total**2
        effective = total / max(1.0, spread / (share * (1 - share) / total))
    low, value, high = wilson(share, max(effective, 1.0), confidence=confidence)
    figure = Figure(value, low, high, TWO_STEP, "engaged accounts by item", int(total))
    return row("two_step_share", "engaged", name, "", figure, Count(int(total), len(n)))


def _totals(contacts: pa.Table) -> dict[str, Any]:
    return {
        "outlet": np.asarray(contacts["outlet"].to_pylist(), dtype=object),
        "n": np.asarray(contacts["n"], dtype=np.float64),
        "through": np.asarray(contacts["through"], dtype=np.float64),
    }


def _contacts(interactions: Any, posts: Any, objects: Any, outlets: dict[str, str]) -> pa.Table | None:
    """Return `outlet, item, n, through`: engaged accounts of every item, and those of them reached in two steps."""
    text = "string"
    acts = pick(
        interactions,
        "interactions",
        {"source": text, "kind": text},
        {"at": "any", "post_id": text, "target_post": text},
    )
    written = pick(posts, "posts", {"actor_id": text}, {"post_id": text, "created_at": "any"})
    media = ibis.memtable(
        pa.table({"account": pa.array(list(outlets)), "outlet": pa.array(list(outlets.values()), pa.string())})
    )
    carriers = _originals(written, objects, media)
    if carriers is None:
        return None
    acts = acts.filter(acts.target_post.notnull(), acts.kind.isin(list(ACTING)))
    carriers = _with_reshares(carriers, acts)
    own = carriers.filter(carriers.shared).select("item", "outlet", source=carriers.author, at=carriers.at)
    own = own.mutate(through=ibis.literal(False))
    on = carriers.select("item", "outlet", "author", post=carriers.post_id)
    met = acts.inner_join(on, [("target_post", "post")])
    met = met.left_join(media.select(medium=media.account), [("author", "medium")])
    met = met.select("item", "outlet", "source", at=met.at.cast("timestamp('UTC')"), through=met.medium.isnull())
    every = ibis.union(met, own.mutate(at=own.at.cast("timestamp('UTC')")).select(*met.columns))
    public = every.anti_join(media, [("source", "account")])
    first = ibis.window(group_by=["item", "source"], order_by=[public.at.asc(nulls_first=False), public.through.asc()])
    placed = public.mutate(place=ibis.row_number().over(first))
    earliest = placed.filter(placed.place == 0)
    totals = earliest.group_by("outlet", "item").agg(n=earliest.count(), through=earliest.through.sum().cast("int64"))
    return totals.order_by("outlet", "item").to_pyarrow()


def _originals(posts: ir.Table, objects: Any, media: ir.Table) -> ir.Table | None:
    """Return the posts that carry an item: those of outlets, and those with a url that an outlet shared first.

    Columns: `post_id, author, at, item, outlet, shared` (whether the author shared the item of its own accord).
    """
    named = posts.filter(posts.post_id.notnull())
    own = named.inner_join(media, [("actor_id", "account")])
    columns = ("post_id", "author", "at", "item", "outlet", "shared")
    items = own.select(
        post_id=own.post_id, author=own.actor_id, at=own.created_at.cast("timestamp('UTC')"), item=own.post_id,
        outlet=own.outlet, shared=ibis.literal(False),
    )  # fmt: skip
    if objects is None:
        return items
    text = "string"
    rows = pick(objects, "objects", {"post_id": text, "actor_id": text, "kind": text, "object": text}, {"at": "any"})
    urls = rows.filter(rows.kind == "url", rows.at.notnull())
    urls = urls.mutate(at=urls.at.cast("timestamp('UTC')"))
    first = ibis.window(group_by="object", order_by=[urls.at, urls.post_id])
    starts = urls.mutate(place=ibis.row_number().over(first))
    starts = starts.filter(starts.place == 0).inner_join(media, [("actor_id", "account")])
    starts = starts.select(started=starts.object, outlet=starts.outlet, outlet_account=starts.actor_id)
    carried = urls.inner_join(starts, [("object", "started")])
    shared = carried.select(
        post_id=carried.post_id, author=carried.actor_id, at=carried.at, item=carried.object, outlet=carried.outlet,
        shared=carried.actor_id != carried.outlet_account,
    )  # fmt: skip
    # A post with a link of the outlet is the link's item, not one of its own as well.
    rest = items.anti_join(shared, "post_id")
    return ibis.union(rest.select(*columns), shared.select(*columns))


def _with_reshares(carriers: ir.Table, acts: ir.Table) -> ir.Table:
    """Return the carriers with the reshares of them, the reshares of those, and so on."""
    reshares = acts.filter(acts.kind.isin(["reshare", "quote"]), acts.post_id.notnull())
    reshares = reshares.select(
        act_id=reshares.post_id,
        author=reshares.source,
        at=reshares.at.cast("timestamp('UTC')"),
        on=reshares.target_post,
    )
    levels = [carriers]
    for _ in range(LONGEST_CHAIN):
        before = levels[-1].select("item", "outlet", carrier=levels[-1].post_id)
        found = reshares.inner_join(before, [("on", "carrier")])
        # A reshare is an act on its original, counted there; it carries the item on.
        step = found.select(
            post_id=found.act_id, author=found.author, at=found.at, item=found.item, outlet=found.outlet,
            shared=ibis.literal(False),
        )  # fmt: skip
        levels.append(step.select(*carriers.columns))
    known = ibis.union(*levels)
    # A post that carries a link by resharing did not share it of its own accord.
    resharing = reshares.select(post_id=reshares.act_id).distinct().mutate(resharing=ibis.literal(True))
    joined = known.left_join(resharing, "post_id")
    return joined.mutate(shared=joined.shared & joined.resharing.isnull()).select(*carriers.columns)
