"""Any table of posts (CSV, TSV, JSON, JSON lines, Parquet, XLSX) by `--map`, converted a column at a time."""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from influence.errors import InputError
from influence.readers.base import Batch, ReaderOptions
from influence.readers.columns import ActorIds, Checked, actors_of, platforms_of, post_refs, text_of
from influence.readers.contract_rows import read_rows
from influence.readers.fields import Plan, make_plan, table_in
from influence.readers.ids import account_of_url, handle_ref, platform_name
from influence.readers.marks import MENTION, hashtags, mentions, urls
from influence.readers.tabular import Rows, batches, kind_of
from influence.readers.times import zone_of
from influence.tables import SCHEMAS, conform

__all__ = ["read", "sniff"]

_COUNTS = ("views", "reactions", "comments", "shares")
_FIELD_NAMES = (
    ("telegram", r"telegram|^msg_id$|(^|_)peer(_|$)|^fwd_|_tg_|^tg_"),
    ("x", r"tweet|^x_id$"),
    ("facebook", r"facebook|^fb_"),
    ("instagram", r"instagram|^ig_"),
    ("youtube", r"youtube|^yt_"),
    ("vk", r"^vk_|vkontakte"),
    ("tiktok", r"tiktok"),
)


def sniff(path: Path, start: bytes) -> bool:
    """Say whether a file is a table whose columns already bear the contract's names."""
    if kind_of(path, start) is None:
        return False
    try:
        make_plan(path, ReaderOptions())
    except InputError:
        return False
    return True


def read(path: Path, options: ReaderOptions) -> Iterator[Batch]:
    """Stream a table, of posts or, with `options.table`, of another table of the contract.

    Rows with a cell that cannot be read are rejected with line, column and value.
    Raises InputError if columns are missing, the file is damaged, or not a single row can be taken.
    """
    plan, zone = make_plan(path, options), zone_of(options.timezone)
    source = read_rows if table_in(path, options) != "posts" else _read_posts
    taken, first = 0, None
    for batch in source(path, plan, options, zone):
        taken += sum(table.num_rows for name, table in batch.tables.items() if name == plan.table)
        if first is None and batch.rejects.num_rows:
            first = batch.rejects.slice(0, 1).to_pylist()[0]
        yield batch
    if first is not None and not taken:
        raise InputError(
            f"{path}:{first['line']}: {first['reason']}. No row of the file could be taken; mend it or --map."
        )


def _read_posts(path: Path, plan: Plan, options: ReaderOptions, zone: ZoneInfo) -> Iterator[Batch]:
    source = batches(path, plan.kind, plan.wanted)
    start = list(itertools.islice(source, 1))
    platform, note = _platform(path, plan, options, start)
    posts = _Posts(path, plan, platform, zone)
    for rows in itertools.chain(start, source):
        batch = posts.take(rows)
        yield Batch(batch.tables, batch.rejects, (*batch.notes, note)) if note else batch


def _platform(path: Path, plan: Plan, options: ReaderOptions, start: list[Rows]) -> tuple[str, str | None]:
    """Return the platform of rows that do not name theirs, and a remark if it was guessed."""
    if options.platform:
        return platform_name(options.platform), None
    if "platform" in plan.sources:
        return "web", None
    found = _linked(plan, start) or _named(path, plan)
    if found:
        return found, f"the platform was taken to be {found} (--platform names another)"
    return "web", "the platform is not known and was written as web (--platform names it)"


def _linked(plan: Plan, start: list[Rows]) -> str | None:
    for name in ("url", "actor.url", "actor_id", "post_id"):
        source = plan.sources.get(name)
        if source is None or not start:
            continue
        for text in text_of(source.take(start[0].table.slice(0, 50))).drop_null().to_pylist():
            account = account_of_url(text) if "/" in text and "." in text else None
            if account:
                return account[0]
            prefix = re.match(r"(telegram|x|facebook|instagram|youtube|vk|tiktok|ok|threads):(?!//)", text)
            if prefix:
                return prefix[1]
    return None


def _named(path: Path, plan: Plan) -> str | None:
    names = [name.lower() for name in plan.columns]
    for platform, pattern in _FIELD_NAMES:
        if any(re.search(pattern, name) for name in names):
            return platform
    stem = path.name.lower()
    return next((p for p in ("telegram", "facebook", "instagram", "youtube", "tiktok", "twitter") if p in stem), None)


@dataclass(frozen=True)
class _Marks:
    interactions: list[dict[str, Any]]
    objects: list[dict[str, Any]]


class _Posts:
    """Batches of a file's rows as batches of posts, with the actors, interactions and objects that follow from them."""

    def __init__(self, path: Path, plan: Plan, platform: str, zone: ZoneInfo) -> None:
        self.path, self.plan, self.platform, self.zone = path, plan, platform, zone

    def take(self, rows: Rows) -> Batch:
        checked = Checked(self.path, rows, self.plan)
        platforms = platforms_of(checked, self.platform)
        ids = ActorIds(checked, platforms)
        checked.require(ids.values, "actor_id")
        columns: dict[str, Any] = {name: checked.count(name) for name in _COUNTS}
        columns["created_at"] = checked.time("created_at", self.zone)
        columns.update({name: checked.text(name) for name in ("lang", "url")})
        columns["text"] = checked.raw_text("text")
        columns["platform"], columns["actor_id"] = platforms, ids.values
        actors = actors_of(checked, ids, self.zone)
        self._refer(checked, columns)
        rejects = checked.rejects()
        posts = conform("posts", checked.kept(pa.table(columns)))
        posts = posts.set_column(0, SCHEMAS["posts"].field("post_id"), _with_hashes(posts))
        tables = {"posts": posts, "actors": _with_reshared(checked.kept(actors), posts)}
        tables.update(_follow(posts))
        return Batch(
            {name: table for name, table in tables.items() if table.num_rows}, rejects, (*rows.notes, *checked.notes)
        )

    def _refer(self, checked: Checked, columns: dict[str, Any]) -> None:
        """Fill the columns that name posts and the account that was reshared."""
        platforms, own = columns["platform"], columns["actor_id"]
        columns["reshared_actor"] = checked.actor("reshared_actor", platforms)
        columns["post_id"] = post_refs(checked.text("post_id"), platforms, own)
        columns["reply_to"] = post_refs(checked.text("reply_to"), platforms, own)
        columns["reshared_post"] = post_refs(checked.text("reshared_post"), platforms, columns["reshared_actor"])


def _with_hashes(posts: pa.Table) -> pa.Array:
    """Return the ids of posts; where there is none, one that follows from author, time, text and address."""
    ids = posts["post_id"].combine_chunks()
    if not ids.null_count:
        return ids
    out = ids.to_pylist()
    missing = posts.filter(pc.is_null(ids)).select(["platform", "actor_id", "created_at", "text", "url"])
    made = []
    for platform, actor, at, text, url in zip(*(column.to_pylist() for column in missing.columns), strict=True):
        parts = "\x1f".join(str(part) for part in (actor, at, text, url))
        digest = hashlib.blake2b(parts.encode("utf-8", "replace"), digest_size=10).hexdigest()
        made.append(f"{platform}:h{digest}")
    supply = iter(made)
    return pa.array([next(supply) if value is None else value for value in out], pa.string())


def _with_reshared(actors: pa.Table, posts: pa.Table) -> pa.Table:
    """Add the accounts that were reshared to the authors, each distinct row once."""
    names = posts["reshared_actor"].drop_null().unique()
    handles = [text.partition(":@")[2] or None for text in names.to_pylist()]
    more = pa.table({"actor_id": names, "platform": [text.partition(":")[0] for text in names.to_pylist()]})
    if len(names):
        more = more.append_column("handle", pa.array(handles, pa.string()))
        actors = pa.concat_tables([actors, conform("actors", more)])
    return actors.group_by(actors.column_names, use_threads=False).aggregate([]).select(SCHEMAS["actors"].names)


def _follow(posts: pa.Table) -> dict[str, pa.Table]:
    """Return the interactions and objects that follow from posts."""
    reshares = posts.filter(pc.or_(pc.is_valid(posts["reshared_actor"]), pc.is_valid(posts["reshared_post"])))
    replies = posts.filter(pc.is_valid(posts["reply_to"]))
    marks = _marks(posts)
    acts = [
        _acts(reshares, "reshare", reshares["reshared_actor"], reshares["reshared_post"]),
        _acts(replies, "reply", None, replies["reply_to"]),
        pa.Table.from_pylist(marks.interactions, schema=SCHEMAS["interactions"]),
    ]
    shared = reshares.filter(pc.is_valid(reshares["reshared_post"]))
    objects = {
        "post_id": shared["post_id"],
        "actor_id": shared["actor_id"],
        "kind": pa.repeat(pa.scalar("reshare"), shared.num_rows),
        "object": shared["reshared_post"],
        "at": shared["created_at"],
    }
    things = [conform("objects", pa.table(objects)), pa.Table.from_pylist(marks.objects, schema=SCHEMAS["objects"])]
    return {"interactions": pa.concat_tables(acts), "objects": pa.concat_tables(things)}


def _acts(posts: pa.Table, kind: str, target: Any, target_post: Any) -> pa.Table:
    columns = {
        "source": posts["actor_id"],
        "kind": pa.repeat(pa.scalar(kind), posts.num_rows),
        "at": posts["created_at"],
        "post_id": posts["post_id"],
        "target_post": target_post,
    }
    if target is not None:
        columns["target"] = target
    return conform("interactions", pa.table(columns))


def _marks(posts: pa.Table) -> _Marks:
    """Take links, hashtags and mentions out of texts; the mentions of a reshared text are the original's."""
    marks = _Marks([], [])
    marked = pc.fill_null(pc.match_substring_regex(posts["text"], r"[@#]|https?://"), False)
    names = ["post_id", "actor_id", "platform", "created_at", "text", "reshared_post", "reshared_actor"]
    found = posts.select(names).filter(marked)
    for row in zip(*(found[name].to_pylist() for name in names), strict=True):
        post_id, actor, platform, at, text, *reshared = row
        base = {"post_id": post_id, "actor_id": actor, "at": at}
        marks.objects.extend({**base, "kind": "url", "object": url} for url in dict.fromkeys(urls(text)))
        marks.objects.extend({**base, "kind": "hashtag", "object": tag} for tag in dict.fromkeys(hashtags(text)))
        if platform not in MENTION or any(reshared):
            continue
        for handle in dict.fromkeys(mentions(platform, text)):
            act = {
                "source": actor,
                "target": handle_ref(platform, handle),
                "kind": "mention",
                "at": at,
                "post_id": post_id,
            }
            marks.interactions.append(act)
    return marks
