"""Messages as Telethon's users save them: its own `to_dict`/`to_json`, or flat records of number, sender and text.

A JSON array or JSON lines.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from influence.readers.base import Batch, ReaderOptions
from influence.readers.collect import Acting, Collector, Unusable, as_count, as_dict, as_list, as_text
from influence.readers.ids import handle_ref, name_ref, telegram_native, telegram_post
from influence.readers.json_records import json_encoding, outline, records
from influence.readers.links import canonical_url
from influence.readers.marks import hashtag, hashtags, mentions, urls
from influence.readers.times import parse_time, zone_of

__all__ = ["read", "sniff"]

_PEER_KEYS = ("channel_id", "chat_id", "user_id", "id")


def sniff(path: Path, head: bytes) -> bool:
    """Say whether a file starts as messages of Telethon."""
    seen = outline(head)
    if seen is None or seen.has("messages") or seen.has("includes"):
        return False
    own = seen.has("peer_id", "id", "date") or (seen.has("_", "id", "date") and seen.has_any("message", "to_id"))
    flat = (
        seen.has("message_id", "date")
        and seen.has_any("sender_id", "channel_id", "chat_id", "peer_id", "from_id")
        and seen.has_any("text", "message")
    )
    return own or flat


def read(path: Path, options: ReaderOptions) -> Iterator[Batch]:
    """Stream messages; service messages and those of private dialogues are rejected, each with its reason.

    Raises InputError if an array breaks off; a broken line of JSON lines is rejected and the rest is taken.
    """
    zone, encoding = zone_of(options.timezone), json_encoding(path)
    rows = Collector(path)
    if encoding.note:
        rows.note(encoding.note)
    for record in records(path, encoding):
        private = isinstance(record.value, dict) and _is_private(record.value)
        with rows.record(record.line, record.raw or (None if private else record.value)):
            if record.problem:
                raise Unusable(record.problem)
            _Taken(rows, as_dict(record.value), zone, path).take()
        if rows.full:
            yield rows.take()
    yield rows.take()


def _is_private(message: dict[str, Any]) -> bool:
    peer = as_dict(message.get("peer_id"))
    return "user_id" in peer and "channel_id" not in peer


def _peer(value: object) -> str | None:
    """Return the bare number of a peer: an object of Telethon, a number, or a text."""
    if isinstance(value, dict):
        return next((telegram_native(value[key]) for key in _PEER_KEYS if value.get(key) is not None), None)
    return telegram_native(value) if value is not None and not isinstance(value, list | bool) else None


def _total(reactions: object) -> int | None:
    """Return the number of reactions from Telethon's object, a list of counts, counts by emoji, or a bare count."""
    if isinstance(reactions, dict):
        reactions = reactions["results"] if "results" in reactions else list(reactions.values())
    if isinstance(reactions, list):
        counts = [item.get("count") if isinstance(item, dict) else item for item in reactions]
        return sum(as_count(count, "reactions") or 0 for count in counts)
    return as_count(reactions, "reactions")


class _Taken(Acting):
    """One message on its way into the tables."""

    def __init__(self, rows: Collector, message: dict[str, Any], zone: dt.tzinfo, path: Path) -> None:
        self.rows, self.message, self.zone, self.path = rows, message, zone, path

    def take(self) -> None:
        message = self.message
        self._refuse()
        number = next(
            (as_text(message[key]) for key in ("message_id", "msg_id", "id") if message.get(key) is not None), None
        )
        if number is None:
            raise Unusable("a message without id")
        self.actor, channel = self._sender_and_chat()
        self.channel = channel
        self.post_id = telegram_post(channel, number)
        self.at = self._time(message.get("date"))
        text = message.get("message") if "message" in message else message.get("text")
        self.text = text if isinstance(text, str) else ""
        reshared_actor, reshared_post = self._forward()
        self.rows.add(
            "posts",
            post_id=self.post_id,
            actor_id=self.actor,
            platform="telegram",
            created_at=self.at,
            text=self.text,
            reply_to=self._reply(),
            reshared_actor=reshared_actor,
            reshared_post=reshared_post,
            **self._counts(),
        )
        self._reactions()
        self._marks(repeats=reshared_actor is not None or reshared_post is not None)
        self._media()

    def _refuse(self) -> None:
        message = self.message
        if not message:
            raise Unusable("no message")
        if _is_private(message):
            raise Unusable("a message of a private dialogue: private messages are not imported")
        if message.get("_") == "MessageService" or as_dict(message.get("action")):
            raise Unusable(f"a service message ({as_dict(message.get('action')).get('_') or 'no action'})")
        if message.get("_") == "MessageEmpty":
            raise Unusable("an empty message: it was deleted")

    # -- who and where ------------------------------------------------------------------------------------------

    def _sender_and_chat(self) -> tuple[str, str]:
        message = self.message
        peers = ("peer_id", "to_id", "chat_id", "channel_id")
        chat = next((native for key in peers if (native := _peer(message.get(key)))), None)
        given = next((message[key] for key in ("from_id", "sender_id") if message.get(key) is not None), None)
        sender = _peer(given) or chat
        title = as_text(
            next((message[k] for k in ("channel", "chat", "channel_name", "chat_title") if message.get(k)), None)
        )
        if chat is None and sender is not None and str(given).strip().startswith("-"):
            chat = sender
        if chat is None:
            # A group's dump with users as senders: its number often stands in the file's name only.
            match = re.search(r"-?\d{9,}", self.path.name)
            chat = telegram_native(match[0]) if match else None
        if sender is None:
            raise Unusable("neither sender nor channel is given")
        actor = f"telegram:{sender}"
        self._seen(
            actor, title if sender == chat else None, ("chat", "_chat") if sender == chat else ("sender", "_sender")
        )
        return actor, chat or sender

    def _seen(self, actor: str, title: str | None, keys: tuple[str, ...]) -> None:
        """Take an account, with what a dump may say of it under one of the keys."""
        part = next((as_dict(self.message[key]) for key in keys if as_dict(self.message.get(key))), {})
        names = (part.get("first_name"), part.get("last_name"))
        name = as_text(part.get("title")) or " ".join(text for text in map(as_text, names) if text) or title
        handle = as_text(part.get("username"))
        if name and re.fullmatch(r"@[A-Za-z]\w{2,31}", name):
            handle, name = handle or name.lstrip("@"), None
        followers = as_count(part.get("participants_count"), "participants_count")
        self.rows.add("actors", actor_id=actor, platform="telegram", handle=handle, name=name, followers=followers)

    def _time(self, value: object) -> dt.datetime:
        try:
            return parse_time(value, self.zone)
        except ValueError as error:
            raise Unusable(f"date {value!r} is no date") from error

    # -- what it does -------------------------------------------------------------------------------------------

    def _counts(self) -> dict[str, int | None]:
        message = self.message
        replies, reactions = message.get("replies"), message.get("reactions")
        if isinstance(replies, dict):
            replies = replies.get("replies")
        return {
            "views": as_count(message.get("views"), "views"),
            "shares": as_count(message.get("forwards"), "forwards"),
            "comments": None if isinstance(replies, list) else as_count(replies, "replies"),
            "reactions": _total(reactions),
        }

    def _forward(self) -> tuple[str | None, str | None]:
        forward = as_dict(self.message.get("fwd_from")) or as_dict(self.message.get("forward"))
        if not forward:
            return None, None
        native, name = _peer(forward.get("from_id")), as_text(forward.get("from_name"))
        native = native or _peer(forward.get("channel_id"))
        source = f"telegram:{native}" if native else name_ref("telegram", name) if name else None
        original = as_text(forward.get("channel_post"))
        post = telegram_post(native, original) if native and original else None
        if source:
            self.rows.add("actors", actor_id=source, platform="telegram", name=name)
            self._act("reshare", source, post)
        if post:
            self._object("reshare", post)
        return source, post

    def _reply(self) -> str | None:
        reply = self.message.get("reply_to")
        part = as_dict(reply)
        replied = part.get("reply_to_msg_id") if part else self.message.get("reply_to_msg_id", reply)
        if part.get("forum_topic") and not part.get("reply_to_top_id"):
            replied = None  # it names the topic that the message stands in, not a message that it answers
        if as_text(replied) is None:
            return None
        target = telegram_post(_peer(part.get("reply_to_peer_id")) or self.channel, replied)
        self._act("reply", None, target)
        return target

    def _reactions(self) -> None:
        reactions = as_dict(self.message.get("reactions"))
        for item in (as_dict(part) for part in as_list(reactions.get("recent_reactions"))):
            who = _peer(item.get("peer_id"))
            if who is None:
                continue
            self.rows.add("actors", actor_id=f"telegram:{who}", platform="telegram")
            self.rows.add(
                "interactions",
                source=f"telegram:{who}",
                target=self.actor,
                kind="reaction",
                at=self._time(item["date"]) if item.get("date") else None,
                target_post=self.post_id,
            )

    # -- what it holds ------------------------------------------------------------------------------------------

    def _marks(self, *, repeats: bool) -> None:
        """Take links, hashtags and mentions: from the entities where they are given, else from the text."""
        mentioned: dict[str, None] = {}
        if isinstance(self.message.get("entities"), list):
            for kind, text, entity in self._entities():
                if kind == "MessageEntityMention":
                    mentioned[handle_ref("telegram", text)] = None
                elif kind in ("MessageEntityMentionName", "InputMessageEntityMentionName"):
                    mentioned[f"telegram:{_peer(entity.get('user_id'))}"] = None
                elif kind == "MessageEntityHashtag":
                    self._object("hashtag", hashtag(text))
                elif kind in ("MessageEntityUrl", "MessageEntityTextUrl"):
                    self._object("url", canonical_url(str(entity.get("url") or text)))
        else:
            mentioned = {handle_ref("telegram", handle): None for handle in mentions("telegram", self.text)}
            for tag in hashtags(self.text):
                self._object("hashtag", tag)
            for url in urls(self.text):
                self._object("url", url)
        for target in () if repeats else mentioned:
            self._act("mention", target)

    def _entities(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        # Telegram counts in units of UTF-16: an emoji is two.
        units = self.text.encode("utf-16-le", "surrogatepass")
        for entity in (as_dict(part) for part in as_list(self.message["entities"])):
            start, length = int(entity.get("offset") or 0), int(entity.get("length") or 0)
            text = units[2 * start : 2 * (start + length)].decode("utf-16-le", "replace")
            yield str(entity.get("_") or entity.get("type") or ""), text, entity

    def _media(self) -> None:
        media = as_dict(self.message.get("media"))
        for kind in ("photo", "document"):
            native = as_text(as_dict(media.get(kind)).get("id"))
            if native:
                self._object("media", f"{kind}:{native}")

    def _object(self, kind: str, value: str | None) -> None:
        if value:
            row = {"post_id": self.post_id, "actor_id": self.actor, "kind": kind, "object": value, "at": self.at}
            self.rows.add("objects", **row)
