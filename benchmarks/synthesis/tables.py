"""The observed part of the world as tables of the data contract."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from influence.tables import TIME, conform
from synthesis.identifiers import link_address, link_code, render_originals
from synthesis.sets import Bools, Ints
from synthesis.spread import KINDS, QUOTE, REACTION, REPLY, RESHARE
from synthesis.world import ORIGINAL, RELAY, World

__all__ = [
    "actors_table",
    "counts_of",
    "followers_of",
    "interactions_table",
    "objects_table",
    "post_ids",
    "posts_table",
    "site_of",
    "times",
]


def times(seconds: Ints) -> pa.Array:
    """Make a column of times from Unix seconds."""
    return pa.array(seconds * 1_000_000).cast(TIME)


def _where(condition: Bools, column: pa.Array) -> pa.Array:
    """Keep the column where the condition holds, null elsewhere."""
    return pc.if_else(pa.array(condition), column, pa.scalar(None, type=column.type))


def _text(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, type=pa.string())


def _join(*parts: pa.Array | str) -> pa.Array:
    return pc.binary_join_element_wise(*parts, "")


def _channels(world: World) -> list[str | None]:
    """Return the native id of each Telegram channel, then of each discussion group."""
    return [spec.native for spec in world.cast] + [spec.discussion for spec in world.cast]


def post_ids(world: World) -> pa.Array:
    """Return the id of each row: `x:<number>` or `telegram:<channel>/<number>`."""
    rows = world.rows
    prefixes = _text(["x:", *(f"telegram:{native}/" for native in _channels(world))])
    return _join(prefixes.take(pa.array(rows.channel + 1)), pa.array(rows.number).cast(pa.string()))


def counts_of(world: World) -> tuple[Ints, Ints, Ints]:
    """Return how often each original was truly reacted to, answered (on X) or commented, and reshared."""
    events = world.spread.events
    return tuple(  # type: ignore[return-value]
        np.bincount(events.post[events.kind == kind], minlength=len(world.posts)).astype(np.int64)
        for kind in (REACTION, REPLY, RESHARE)
    )


def _listed_reactions(world: World) -> Ints:
    """Return how many reactions to each original are listed with their accounts."""
    events = world.spread.events
    return np.bincount(events.post[events.seen & (events.kind == REACTION)], minlength=len(world.posts))


def posts_table(world: World, ids: pa.Array) -> pa.Table:
    """Return the posts; counts are what the platform shows, hence of all acts and not only of those collected.

    Nothing is known of acts on reshares (null); nobody acts on replies and quotes (0 on X, null on Telegram).
    """
    rows, posts, names = world.rows, world.posts, world.names
    own = rows.role == ORIGINAL
    on_x = rows.channel < 0
    answering = np.isin(rows.role, (REPLY, QUOTE)) & on_x
    reactions, comments, shares = (np.where(own, one[rows.original], 0) for one in counts_of(world))
    views = np.where(own, world.spread.views[rows.original], 0)
    relayed = rows.role == RELAY
    listed = _listed_reactions(world)[rows.original]
    reactions = np.where(relayed, listed, reactions)
    talked = np.asarray([spec.discussion is not None for spec in world.cast] + [False])
    countable = own & (on_x | talked[posts.actor[rows.original]])
    words = np.where(np.isin(rows.role, (REPLY, QUOTE)), world.reply_text[rows.event], posts.text[rows.original])
    answers = np.where(on_x, rows.of_original[rows.original], rows.relay_of[rows.original])
    passed_on = ~own & ~np.isin(rows.role, (REPLY, QUOTE))
    columns = {
        "post_id": ids,
        "actor_id": names.actor_id(rows.author),
        "platform": _text(["telegram", "x"]).take(pa.array(on_x.astype(np.int64))),
        "created_at": times(rows.at),
        "text": _row_texts(world),
        "lang": _text(list(world.texts.languages)).take(pa.array(words)),
        "views": _where(own | answering, pa.array(views)),
        "reactions": _where(own | answering | (relayed & (listed > 0)), pa.array(reactions)),
        "comments": _where(countable | answering, pa.array(comments)),
        "shares": _where(own | answering, pa.array(shares)),
        "url": _addresses(world),
        "reply_to": _where(rows.role == REPLY, ids.take(pa.array(np.maximum(answers, 0)))),
        "reshared_post": _where(passed_on, ids.take(pa.array(rows.of_original[rows.original]))),
        "reshared_actor": _where(passed_on, names.actor_id(posts.author[rows.original])),
    }
    return conform("posts", pa.table(columns))


def _row_texts(world: World) -> pa.ChunkedArray:
    """Return what each row says, in parts: a string column of one piece holds no more than two gigabytes."""
    full = render_originals(world.texts, world.cast, world.posts)
    phrases = _text(list(world.texts.texts))
    parts = range(0, max(len(world.rows), 1), 250_000)
    return pa.chunked_array([_said(world, full, phrases, slice(one, one + 250_000)) for one in parts], type=pa.string())


def _said(world: World, full: pa.Array, phrases: pa.Array, part: slice) -> pa.Array:
    rows = world.rows
    role, original, on_x = rows.role[part], rows.original[part], rows.channel[part] < 0
    own, said = full.take(pa.array(original)), phrases.take(pa.array(world.reply_text[rows.event[part]]))
    handle = pc.fill_null(world.names.handle(world.posts.author[original]), "")
    codes = [
        f" https://t.co/{link_code(int(number))}" if quoting else ""
        for number, quoting in zip(rows.number[rows.of_original[original]], role == QUOTE, strict=True)
    ]
    # The API has a reshare say whose words it repeats; Telegram shows it beside them.
    reshare = pc.if_else(pa.array(on_x), _join("RT @", handle, ": ", own), own)
    reply = pc.if_else(pa.array(on_x), _join("@", handle, " ", said), said)
    place = np.searchsorted([RESHARE, REPLY, QUOTE], role)
    return pc.choose(pa.array(np.minimum(place, 3)), reshare, reply, _join(said, _text(list(codes))), own)


def _addresses(world: World) -> pa.Array:
    """Return the web address of each row; messages of a discussion group have none here."""
    rows = world.rows
    number = pa.array(rows.number).cast(pa.string())
    handles = _text([*(spec.handle for spec in world.cast), *([None] * len(world.cast))])
    telegram = _join("https://t.me/", handles.take(pa.array(np.maximum(rows.channel, 0))), "/", number)
    x = _join("https://x.com/", world.names.handle(rows.author), "/status/", number)
    return pc.if_else(pa.array(rows.channel < 0), x, telegram)


def interactions_table(world: World, ids: pa.Array) -> pa.Table:
    """Return the acts that were collected, and the mentions."""
    rows, posts, names, events = world.rows, world.posts, world.names, world.spread.events
    seen = np.flatnonzero(events.seen)
    row_of = np.full(len(events), -1)
    row_of[rows.event[rows.event >= 0]] = np.flatnonzero(rows.event >= 0)
    post, kind = events.post[seen], events.kind[seen]
    # What is done in a discussion group is done to the relay of the post.
    in_group = (rows.relay_of[post] >= 0) & (kind != RESHARE)
    target_row = np.where(in_group, rows.relay_of[post], rows.of_original[post])
    mentioning = np.flatnonzero(posts.mention >= 0)
    acts = {
        "source": names.actor_id(events.account[seen]),
        "target": names.actor_id(posts.author[post]),
        "kind": _text(list(KINDS)).take(pa.array(kind)),
        "at": times(events.at[seen]),
        "post_id": _where(row_of[seen] >= 0, ids.take(pa.array(np.maximum(row_of[seen], 0)))),
        "target_post": ids.take(pa.array(target_row)),
    }
    mentions = {
        "source": names.actor_id(posts.author[mentioning]),
        "target": names.actor_id(world.accounts.actor(posts.mention[mentioning])),
        "kind": _text(["mention"] * len(mentioning)),
        "at": times(posts.at[mentioning]),
        "post_id": ids.take(pa.array(rows.of_original[mentioning])),
    }
    return pa.concat_tables([conform("interactions", pa.table(one)) for one in (acts, mentions)])


def site_of(world: World, original: int) -> str:
    """Return the name of the site that an original links to."""
    actor = int(world.posts.actor[original])
    return (world.cast[actor].handle or "site").replace("_", "-") if actor >= 0 else "qala-dauysy"


def objects_table(world: World, ids: pa.Array) -> pa.Table:
    """Return what posts share: the post that they pass on, or the address that they link to."""
    rows, posts = world.rows, world.posts
    passing = np.flatnonzero(rows.role == RESHARE)
    linking = np.flatnonzero((rows.role == ORIGINAL) & (posts.link[rows.original] >= 0))
    addresses = [
        link_address(int(posts.link[original]), site_of(world, int(original))) for original in rows.original[linking]
    ]
    chosen = np.concatenate([passing, linking])
    shared = ids.take(pa.array(rows.of_original[rows.original[passing]]))
    columns = {
        "post_id": ids.take(pa.array(chosen)),
        "actor_id": world.names.actor_id(rows.author[chosen]),
        "kind": _text(["reshare"] * len(passing) + ["url"] * len(linking)),
        "object": pa.concat_arrays([shared, _text(list(addresses))]),
        "at": times(rows.at[chosen]),
    }
    return conform("objects", pa.table(columns))


def actors_table(world: World) -> pa.Table:
    """Return the named actors and every account that appears in the posts and interactions."""
    events, accounts, cast = world.spread.events, world.accounts, world.cast
    named = accounts.actor(np.arange(len(cast)))
    others = np.unique(np.concatenate([world.rows.author, events.account[events.seen]]))
    account = np.concatenate([named, others[others < accounts.first_named]])
    is_named = account >= accounts.first_named
    place = np.maximum(account - accounts.first_named, 0)
    kinds, persons = _text([spec.kind for spec in cast]), _text([spec.person for spec in cast])
    handle = world.names.handle(account)
    hosts = pc.if_else(pc.equal(world.names.platform(account), "x"), "https://x.com/", "https://t.me/")
    followers, known = followers_of(world, account)
    columns = {
        "actor_id": world.names.actor_id(account),
        "platform": world.names.platform(account),
        "handle": handle,
        "name": world.names.name(account),
        "person": _where(is_named, persons.take(pa.array(place))),
        "kind": pc.if_else(pa.array(is_named), kinds.take(pa.array(place)), "unknown"),
        "followers": _where(known, pa.array(followers)),
        "followers_at": _where(known, times(np.full(len(account), world.parameters.end + 1))),
        "country": _where(is_named, _text(["KZ"] * len(account))),
        "url": _join(hosts, handle),
    }
    return conform("actors", pa.table(columns))


def followers_of(world: World, account: Ints) -> tuple[Ints, Bools]:
    """Return how many followers each account shows, and whether it shows any count."""
    accounts, graph = world.accounts, world.graph
    followers = 3 + (account * 7_919) % 38
    on_x = (account >= accounts.people) & (account < 2 * accounts.people)
    node = np.searchsorted(graph.people, account[on_x] - accounts.people)
    followers[on_x] = np.diff(graph.bounds)[node]
    named = account >= accounts.first_named
    place = account[named] - accounts.first_named
    followers[named] = world.audiences.sizes[place]
    known = account >= accounts.people
    known[named] = ~np.asarray([spec.traditional for spec in world.cast])[place]
    return followers, known
