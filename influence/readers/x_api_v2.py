"""X API v2 as twarc and others write it: pages with `includes`, lines of a stream, or flattened posts.

A retweet carries the numbers of the original, so its own are null; its text is completed from the original where the
page includes that. Originals that a page only includes are read for who was reshared, not taken as posts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from influence.readers.base import Batch, ReaderOptions
from influence.readers.collect import Acting, Collector, Unusable, as_count, as_dict, as_list, as_text
from influence.readers.ids import handle_ref
from influence.readers.json_records import Record, json_encoding, outline, records
from influence.readers.links import canonical_url
from influence.readers.marks import hashtag, mentions
from influence.readers.times import parse_time

__all__ = ["read", "sniff"]

# What the language detector of X says of posts without words: links, hashtags, media, undetermined.
_NO_LANGUAGE = frozenset(("und", "qam", "qct", "qht", "qme", "qst", "zxx"))
_PAGE = ("__twarc", "includes", "matching_rules", "meta.result_count", "meta.newest_id")
_POST = ("public_metrics", "conversation_id", "edit_history_tweet_ids", "referenced_tweets", "__twarc")


def sniff(path: Path, head: bytes) -> bool:
    """Say whether a file starts as answers of the X API v2."""
    seen = outline(head)
    if seen is None or seen.has_any("item_id", "source_platform", "response", "messages"):
        return False
    data = seen.has_any("data.id", "data.item.id")
    marked = seen.has_any(*_PAGE, *(f"data.{name}" for name in _POST), *(f"data.item.{name}" for name in _POST))
    problems = seen.has_any("errors.item.resource_type", "errors.item.parameter", "errors.item.detail")
    flat = seen.has("id", "text", "author_id") and seen.has_any(*_POST)
    return (data and marked) or problems or flat or seen.has("meta.result_count", "meta")


def read(path: Path, options: ReaderOptions) -> Iterator[Batch]:
    """Stream posts. Lines that are no JSON, objects that are no posts and error objects without data are rejected.

    Raises InputError if an array or a single document breaks off.
    """
    encoding = json_encoding(path)
    rows = Collector(path)
    if encoding.note:
        rows.note(encoding.note)
    missing: list[str] = []
    for record in records(path, encoding):
        missing.extend(_not_given(record.value))
        for page, item in _posts(rows, record):
            with rows.record(record.line, record.raw or item):
                if record.problem:
                    raise Unusable(record.problem)
                _Taken(rows, page, as_dict(item)).take()
        if rows.full:
            yield rows.take()
    if missing:
        things = "1 user or post" if len(missing) == 1 else f"{len(missing)} users or posts"
        rows.note(f"the source left out {things} that posts refer to, for example: {missing[0]}")
    yield rows.take()


def _not_given(value: object) -> Iterator[str]:
    """Yield why something could not be given along with the posts of a page."""
    page = as_dict(value)
    for error in map(as_dict, as_list(page.get("errors")) if page.get("data") else []):
        yield as_text(error.get("detail")) or as_text(error.get("title")) or "no reason given"


class _Page:
    """What comes along with posts: users, other posts, and when all was retrieved."""

    def __init__(self, record: dict[str, Any]) -> None:
        includes = as_dict(record.get("includes"))
        self.users = {str(user.get("id")): user for user in map(as_dict, as_list(includes.get("users")))}
        self.posts = {str(post.get("id")): post for post in map(as_dict, as_list(includes.get("tweets")))}
        self.ids = {str(user.get("username", "")).lower(): native for native, user in self.users.items()}
        self.at: dt.datetime | None = None
        retrieved = as_dict(record.get("__twarc")).get("retrieved_at")
        if retrieved is not None:
            try:
                self.at = parse_time(retrieved, dt.UTC)
            except ValueError:
                self.at = None


def _posts(rows: Collector, record: Record) -> Iterator[tuple[_Page, Any]]:
    """Yield the posts of a page, of a line of a stream, or the flat post itself."""
    value = record.value
    page = _Page(as_dict(value))
    if record.problem or not isinstance(value, dict) or ("data" not in value and "text" in value):
        yield page, value
        return
    data, errors = value.get("data"), as_list(value.get("errors"))
    items = data if isinstance(data, list) else [data] if data is not None else []
    for user in page.users.values():
        _user(rows, page, user)
    for item in items:
        yield page, item
    if errors and not items:
        for error in errors:
            yield page, {"errors": error}
    elif not items and "meta" not in value and "includes" not in value:
        yield page, value


def _user(rows: Collector, page: _Page, user: dict[str, Any]) -> str | None:
    """Take a user with what the page says of it; return its id."""
    native, handle = as_text(user.get("id")), as_text(user.get("username"))
    if native is None:
        return None
    try:
        followers = as_count(as_dict(user.get("public_metrics")).get("followers_count"), "followers_count")
    except Unusable:  # a broken number of a user must not cost the posts of the page
        followers = None
    rows.add(
        "actors",
        actor_id=f"x:{native}",
        platform="x",
        handle=handle,
        name=as_text(user.get("name")),
        followers=followers,
        followers_at=page.at if followers is not None else None,
        description=as_text(user.get("description")),
        url=f"https://x.com/{handle}" if handle else None,
    )
    return f"x:{native}"


class _Taken(Acting):
    """One post on its way into the tables."""

    def __init__(self, rows: Collector, page: _Page, post: dict[str, Any]) -> None:
        self.rows, self.page, self.post = rows, page, post

    def take(self) -> None:
        post = self.post
        self._refuse()
        self.post_id, self.actor = f"x:{as_text(post['id'])}", f"x:{as_text(post['author_id'])}"
        self.at = self._time()
        author = self._author()
        _user(self.rows, self.page, author)
        reshared = self._referenced("retweeted")
        original = self._original(reshared)
        reshared_actor = self._author_of(reshared, original) if reshared else None
        replied = self._referenced("replied_to")
        handle = as_text(author.get("username"))
        self.rows.add(
            "posts",
            post_id=self.post_id,
            actor_id=self.actor,
            platform="x",
            created_at=self.at,
            text=self._text(original),
            lang=None if post.get("lang") in _NO_LANGUAGE else as_text(post.get("lang")),
            url=f"https://x.com/{handle}/status/{post['id']}" if handle else None,
            reply_to=f"x:{replied['id']}" if replied else None,
            reshared_post=f"x:{reshared['id']}" if reshared else None,
            reshared_actor=reshared_actor,
            **({} if reshared else self._counts()),
        )
        self._acts(reshared, reshared_actor, replied)
        self._objects(original)

    def _author(self) -> dict[str, Any]:
        """Return what is known of the author: inside the post (flattened), among the includes, at least the id."""
        native = str(self.post["author_id"])
        inside = as_dict(self.post.get("author"))
        known = inside if str(inside.get("id")) == native else self.page.users.get(native)
        return known or {"id": native}

    def _refuse(self) -> None:
        post = self.post
        if "errors" in post:
            error = as_dict(post["errors"])
            raise Unusable(
                f"an error object: {as_text(error.get('detail')) or as_text(error.get('title')) or 'no reason given'}"
            )
        if as_text(post.get("id")) is None or not isinstance(post.get("text"), str):
            what = "a user" if "username" in post else "a list" if "owner_id" in post else "an object"
            raise Unusable(f"no post but {what} (without {'id' if 'text' in post else 'text'})")
        if as_text(post.get("author_id")) is None:
            raise Unusable("a post without author_id; collect it with expansions=author_id (twarc does)")

    def _time(self) -> dt.datetime | None:
        value = self.post.get("created_at")
        if value is None:
            self.rows.note(
                "some posts have no created_at; collect them with tweet.fields=created_at to use them in windows"
            )
            return None
        try:
            return parse_time(value, dt.UTC)
        except ValueError as error:
            raise Unusable(f"created_at {value!r} is no date") from error

    # -- what it refers to ----------------------------------------------------------------------------------------

    def _referenced(self, kind: str) -> dict[str, Any] | None:
        for part in map(as_dict, as_list(self.post.get("referenced_tweets"))):
            if part.get("type") == kind and as_text(part.get("id")):
                return part
        return None

    def _original(self, part: dict[str, Any] | None) -> dict[str, Any]:
        """Return what is known of a post that is referred to: in the reference (flattened) or among the includes."""
        if part is None:
            return {}
        return part if "text" in part else self.page.posts.get(str(part["id"]), {})

    def _author_of(self, part: dict[str, Any], original: dict[str, Any]) -> str | None:
        """Return the author of a post that is referred to; of a retweet at least the handle stands in its text."""
        native = as_text(original.get("author_id"))
        if native:
            author = as_dict(original.get("author"))
            return (_user(self.rows, self.page, author) if author else None) or f"x:{native}"
        text = str(self.post["text"])
        if part.get("type") == "retweeted" and text.startswith("RT @"):
            handle = next(iter(mentions("x", text[3:])), "")
            for mention in map(as_dict, as_list(self._entities(self.post).get("mentions"))):
                if str(mention.get("username") or "").lower() == handle and as_text(mention.get("id")):
                    return f"x:{mention['id']}"
            return self._named(handle) if handle else None
        return None

    def _named(self, handle: str) -> str:
        native = self.page.ids.get(handle.lower())
        return f"x:{native}" if native else handle_ref("x", handle)

    def _acts(
        self, reshared: dict[str, Any] | None, reshared_actor: str | None, replied: dict[str, Any] | None
    ) -> None:
        if reshared:
            # The mentions in a retweet are words of the original.
            self._act("reshare", reshared_actor, f"x:{reshared['id']}")
            return
        answered = as_text(self.post.get("in_reply_to_user_id"))
        target = f"x:{answered}" if answered else None
        if replied:
            target = target or self._author_of(replied, self._original(replied))
            self._act("reply", target, f"x:{replied['id']}")
        elif target:
            self._act("reply", target)
        if person := as_dict(self.post.get("in_reply_to_user")):
            _user(self.rows, self.page, person)
        quoted = self._referenced("quoted")
        if quoted:
            self._act("quote", self._author_of(quoted, self._original(quoted)), f"x:{quoted['id']}")
        for mentioned in self._mentioned():
            if mentioned != target:
                self._act("mention", mentioned)

    def _mentioned(self) -> Iterator[str]:
        seen = set()
        for part in map(as_dict, as_list(self._entities(self.post).get("mentions"))):
            native, handle = as_text(part.get("id")), as_text(part.get("username"))
            known = _user(self.rows, self.page, part) if native and handle else f"x:{native}" if native else None
            target = known or (self._named(handle) if handle else None)
            if target and target not in seen:
                seen.add(target)
                yield target

    # -- what it holds ------------------------------------------------------------------------------------------

    def _entities(self, post: dict[str, Any]) -> dict[str, Any]:
        long = as_dict(as_dict(post.get("note_tweet")).get("entities"))
        return {**as_dict(post.get("entities")), **long}

    def _text(self, original: dict[str, Any]) -> str:
        own = _full_text(self.post)
        if original and own.startswith("RT @") and own.endswith("…"):
            start, colon, _ = own.partition(": ")
            own = f"{start}{colon}{_full_text(original)}" if colon else own
        # The API escapes these three signs.
        return own.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")

    def _counts(self) -> dict[str, int | None]:
        metrics = as_dict(self.post.get("public_metrics"))
        shown = metrics.get("impression_count")
        for other in ("organic_metrics", "non_public_metrics"):
            shown = as_dict(self.post.get(other)).get("impression_count") if shown is None else shown
        return {
            "views": as_count(shown, "impression_count"),
            "reactions": as_count(metrics.get("like_count"), "like_count"),
            "comments": as_count(metrics.get("reply_count"), "reply_count"),
            "shares": as_count(metrics.get("retweet_count"), "retweet_count"),
        }

    def _objects(self, original: dict[str, Any]) -> None:
        reshared = self._referenced("retweeted")
        if reshared:
            self._object("reshare", f"x:{reshared['id']}")
        post = original or self.post
        entities = self._entities(post)
        for link in map(as_dict, as_list(entities.get("urls"))):
            if not str(link.get("display_url") or "").startswith(("pic.twitter.com/", "pic.x.com/")):
                address = next((link[key] for key in ("unwound_url", "expanded_url", "url") if link.get(key)), None)
                self._object("url", canonical_url(str(address)) if address else None)
        for tag in map(as_dict, as_list(entities.get("hashtags"))):
            self._object("hashtag", hashtag(str(tag.get("tag") or "")))
        for key in as_list(as_dict(post.get("attachments")).get("media_keys")):
            self._object("media", as_text(key))

    def _object(self, kind: str, value: str | None) -> None:
        if value:
            row = {"post_id": self.post_id, "actor_id": self.actor, "kind": kind, "object": value, "at": self.at}
            self.rows.add("objects", **row)


def _full_text(post: dict[str, Any]) -> str:
    return str(as_dict(post.get("note_tweet")).get("text") or post.get("text") or "")
