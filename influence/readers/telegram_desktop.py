"""Telegram Desktop's `result.json`: one channel or group, or the export of a whole account.

Such exports give no views, forwards or comments: these stay null. Messages of personal chats are set aside unread.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from influence.decoding import Encoding, open_utf8
from influence.readers.base import Batch, ReaderOptions
from influence.readers.collect import Acting, Collector, Unusable, as_count, as_dict, as_list, as_text
from influence.readers.ids import handle_ref, name_ref, telegram_native, telegram_post
from influence.readers.json_records import broken, json_encoding, outline, stream
from influence.readers.links import canonical_url
from influence.readers.marks import hashtag
from influence.readers.times import parse_time, zone_of

__all__ = ["read", "sniff"]

_SECTIONS = ("", "chats.list.item.", "left_chats.list.item.")
_PRIVATE = frozenset(("personal_chat", "bot_chat", "saved_messages", "replies", "verification_codes"))
# Exports of before 2021 write a channel as its number plus 2³³.
_OLD_CHANNELS = 1 << 33


@dataclass
class _Chat:
    """What an export says of a chat before its messages, and how many messages follow (None: all that there are)."""

    section: str
    id: object = None
    name: str | None = None
    type: str | None = None
    messages: int | None = None

    @property
    def native(self) -> str:
        native = _number(self.id, channel="channel" in self.kind or "supergroup" in self.kind)
        if native is None:
            raise Unusable(f"the chat's id {self.id!r} is no number")
        return native

    @property
    def kind(self) -> str:
        return self.type or ""


def _number(value: object, *, channel: bool = True) -> str | None:
    if isinstance(value, int) and channel and _OLD_CHANNELS <= value < 2 * _OLD_CHANNELS:
        value -= _OLD_CHANNELS
    return telegram_native(value) if value is not None else None


def sniff(path: Path, head: bytes) -> bool:
    """Say whether a file starts as an export of Telegram Desktop."""
    seen = outline(head)
    if seen is None or seen.container != "object" or seen.has("_"):
        return False
    account = seen.has("about", "personal_information") or seen.has_any("chats.about", "left_chats.about")
    listed = seen.has_any("chats.list.item.messages", "left_chats.list.item.messages", "chats.list.item.type")
    chat = seen.has("messages", "type", "id") or seen.has("messages.item.type", "messages.item.date")
    return account or listed or chat


def read(path: Path, options: ReaderOptions) -> Iterator[Batch]:
    """Stream the messages of an export; service messages and those of personal chats are rejected with their reasons.

    Raises InputError if the file breaks off or is no JSON: nothing of it can then be trusted.
    """
    zone, encoding = zone_of(options.timezone), json_encoding(path)
    rows, number = Collector(path), 0
    chats = _chats(path, encoding)
    for section in _SECTIONS:
        here = [chat for chat in chats if chat.section == section]
        if not here:
            continue
        for chat, message in _messages(path, encoding, section, here):
            number += 1
            private = chat.kind in _PRIVATE
            # What people wrote to each other in private is not even kept among the rejects.
            with rows.record(number, None if private else message):
                _Taken(rows, chat, as_dict(message), zone).take()
            if rows.full:
                yield rows.take()
    yield rows.take()


# Where an export says something of its chats: the path of a value → its section and what it is.
_PLACES = {
    (section + field).rstrip("."): (section, field)
    for section in _SECTIONS
    for field in ("", "id", "name", "type", "messages", "messages.item")
    if section or field
}


def _chats(path: Path, encoding: Encoding) -> list[_Chat]:
    """Return the chats of an export without their messages. One chat is usually known before its messages begin."""
    import ijson

    found: list[_Chat] = []
    single = _Chat("")
    with open_utf8(path, encoding) as file:
        try:
            for place, event, value in ijson.parse(file):
                known = _PLACES.get(place)
                if known is None:
                    continue
                section, field = known
                if section:
                    _listed(found, section, field, event, value)
                elif field == "messages" and event == "start_array":
                    found.append(single)
                    if single.id is not None and single.type is not None:
                        return found
                elif field in ("id", "name", "type"):
                    setattr(single, field, value)
        except ijson.JSONError as error:
            raise broken(path, encoding, str(error)) from error
    return found


def _listed(found: list[_Chat], section: str, field: str, event: str, value: Any) -> None:
    if not field and event == "start_map":
        found.append(_Chat(section, messages=0))
    elif field in ("id", "name", "type"):
        setattr(found[-1], field, value)
    elif field == "messages.item" and event == "start_map":
        found[-1].messages = (found[-1].messages or 0) + 1


def _messages(path: Path, encoding: Encoding, section: str, chats: list[_Chat]) -> Iterator[tuple[_Chat, Any]]:
    here = iter([chat for chat in chats if chat.messages is None or chat.messages > 0])
    chat, left = next(here, None), 0
    if chat is None:
        return
    left = -1 if chat.messages is None else chat.messages
    for message in stream(path, encoding, f"{section}messages.item"):
        if left == 0:
            chat = next(here)
            left = chat.messages or 0
        left -= 1
        yield chat, message


class _Taken(Acting):
    """One message on its way into the tables."""

    def __init__(self, rows: Collector, chat: _Chat, message: dict[str, Any], zone: dt.tzinfo) -> None:
        self.rows, self.chat, self.message, self.zone = rows, chat, message, zone

    def take(self) -> None:
        message = self.message
        self._refuse()
        if as_text(message.get("id")) is None:
            raise Unusable("a message without id")
        self.post_id = telegram_post(self.chat.native, message["id"])
        self.at = self._time()
        self.actor = self._sender()
        reshared = self._forward()
        reply_to = self._reply()
        reactions = [as_dict(item) for item in as_list(message.get("reactions"))]
        counts = [as_count(item.get("count"), "reactions") or 0 for item in reactions]
        self.rows.add(
            "posts",
            post_id=self.post_id,
            actor_id=self.actor,
            platform="telegram",
            created_at=self.at,
            text=_text(message.get("text")),
            reactions=sum(counts) if "reactions" in message else None,
            reply_to=reply_to,
            reshared_actor=reshared,
        )
        for person in (as_dict(who) for item in reactions for who in as_list(item.get("recent"))):
            self._reacted(person)
        self._marks(repeats=reshared is not None)

    def _refuse(self) -> None:
        kind, chat = self.message.get("type"), self.chat.kind
        if chat in _PRIVATE:
            raise Unusable(f"a message of a {chat.replace('_', ' ')}: private messages are not imported")
        if kind == "service":
            raise Unusable(f"a service message ({self.message.get('action') or 'no action'})")
        if kind != "message":
            raise Unusable(f"type {kind!r} is no message")

    def _time(self) -> dt.datetime:
        message = self.message
        try:
            if message.get("date_unixtime") is not None:
                return parse_time(str(message["date_unixtime"]), dt.UTC)
            return self._local(message.get("date"))
        except ValueError as error:
            raise Unusable(f"date {message.get('date')!r} is no date") from error

    def _local(self, text: object) -> dt.datetime:
        """Read a time of the exporting computer; a message with its own time twice gives away the zone."""
        offset = _offset(self.message.get("date"), self.at) if self.message.get("date_unixtime") is not None else None
        if offset is None:
            zone = self.zone
            self.rows.note(f"times without a zone are those of the exporting computer; read in {zone} (see --timezone)")
        return parse_time(text, self.zone if offset is None else offset)

    def _sender(self) -> str:
        message, chat = self.message, self.chat
        name, native = as_text(message.get("from")), _number(message.get("from_id"))
        if native:
            return self._seen(f"telegram:{native}", name)
        if "channel" in chat.kind:
            return self._seen(f"telegram:{chat.native}", chat.name)
        if name:
            return self._seen(name_ref("telegram", name), name)
        raise Unusable("the sender is not given")

    def _seen(self, actor_id: str, name: str | None) -> str:
        self.rows.add("actors", actor_id=actor_id, platform="telegram", name=name)
        return actor_id

    def _forward(self) -> str | None:
        message = self.message
        name, native = as_text(message.get("forwarded_from")), _number(message.get("forwarded_from_id"))
        if not native and not name:
            return None
        if native:
            source = self._seen(f"telegram:{native}", name)
        else:
            source = self._seen(name_ref("telegram", name or ""), name)
            self.rows.note("some forwards name their source without its id; they count for an account of that name")
        self._act("reshare", source)
        return source

    def _reply(self) -> str | None:
        replied = as_text(self.message.get("reply_to_message_id"))
        if replied is None:
            return None
        peer = self.message.get("reply_to_peer_id")
        target = telegram_post(_number(peer) or self.chat.native, replied)
        self._act("reply", None, target)
        return target

    def _reacted(self, person: dict[str, Any]) -> None:
        native = _number(person.get("from_id"))
        if native is None:
            return
        try:
            at = self._local(person["date"]) if person.get("date") else None
        except ValueError as error:
            raise Unusable(f"date {person['date']!r} of a reaction is no date") from error
        self.rows.add(
            "interactions",
            source=self._seen(f"telegram:{native}", as_text(person.get("from"))),
            target=self.actor,
            kind="reaction",
            at=at,
            target_post=self.post_id,
        )

    def _marks(self, *, repeats: bool) -> None:
        """Take links and hashtags, and the mentions unless the words are those of a forwarded post."""
        entities = as_list(self.message.get("text_entities")) or as_list(self.message.get("text"))
        mentioned: dict[str, None] = {}
        for entity in (as_dict(part) for part in entities):
            kind, text = entity.get("type"), str(entity.get("text") or "")
            if kind in ("link", "text_link"):
                self._object("url", canonical_url(str(entity.get("href") or text)))
            elif kind == "hashtag":
                self._object("hashtag", hashtag(text))
            elif kind == "mention" and len(text) > 1:
                mentioned[handle_ref("telegram", text)] = None
            elif kind == "mention_name" and (native := _number(entity.get("user_id"))):
                mentioned[f"telegram:{native}"] = None
        for target in () if repeats else mentioned:
            self._act("mention", target)

    def _object(self, kind: str, value: str | None) -> None:
        if value:
            row = {"post_id": self.post_id, "actor_id": self.actor, "kind": kind, "object": value, "at": self.at}
            self.rows.add("objects", **row)


def _offset(local: object, at: dt.datetime) -> dt.tzinfo | None:
    """Return how far the clock of the exporting computer was ahead of UTC, None if the two times do not tell."""
    try:
        ahead = dt.datetime.fromisoformat(str(local)) - at.replace(tzinfo=None)
    except (ValueError, TypeError):
        return None
    whole = not ahead.total_seconds() % 900 and abs(ahead) <= dt.timedelta(hours=14)
    return dt.timezone(ahead) if whole else None


def _text(value: object) -> str:
    if isinstance(value, list):
        return "".join(part if isinstance(part, str) else str(as_dict(part).get("text") or "") for part in value)
    return value if isinstance(value, str) else ""
