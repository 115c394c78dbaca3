"""A whole-account export in the layout of Telegram Desktop: several channels and a discussion group.

As the real one, it gives times in the local zone and in Unix seconds, reactions, and where a forward came from, but
neither views nor forwards nor subscribers, and no user names of channels.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from synthesis.cast import ActorSpec
from synthesis.identifiers import render_originals
from synthesis.sets import Ints
from synthesis.spread import REACTION, REPLY, RESHARE
from synthesis.tables import counts_of
from synthesis.text_parts import parts_of
from synthesis.texts import LABELS
from synthesis.world import RELAY, World

__all__ = ["write_telegram_export"]

_ZONE = timezone(timedelta(hours=5))
_ABOUT = "A synthetic export. Every person, channel, outlet and organisation in it is invented."
_EMOJI = {
    "none": ("👍", "❤", "😢", "🤔", "😁"),
    "positive": ("❤", "👍", "🙏", "🔥", "👏"),
    "manipulative": ("🤬", "👍", "🔥", "😱", "👎"),
}
_EMOJI_SHARES = (0.46, 0.24, 0.14, 0.10, 0.06)
_NOT_INCLUDED = "(File not included. Change data exporting settings to download.)"

Message = dict[str, Any]


def write_telegram_export(world: World, file: Path) -> int:
    """Write the export; return the number of messages, without service messages."""
    writer = _Writer.of(world)
    chats = [
        chat for index, spec in enumerate(world.cast) if spec.platform == "telegram" for chat in writer.chats(index)
    ]
    document = {"about": _ABOUT, "chats": {"about": _ABOUT, "list": chats}}
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        json.dump(document, out, ensure_ascii=False, indent=1)
    return sum(message["type"] == "message" for chat in chats for message in chat["messages"])


@dataclass(frozen=True)
class _Writer:
    world: World
    rendered: list[str]
    by_channel: dict[int, Ints]
    reactions: Ints
    reactors: dict[int, list[tuple[str, str, int]]]
    """Per original: id, name and time of the accounts whose reaction is listed in the discussion group."""

    @classmethod
    def of(cls, world: World) -> "_Writer":
        rows = world.rows
        order = np.argsort(rows.channel, kind="stable")
        bounds = np.searchsorted(rows.channel[order], np.arange(2 * len(world.cast) + 1))
        by_channel = {channel: order[bounds[channel] : bounds[channel + 1]] for channel in range(2 * len(world.cast))}
        rendered = render_originals(world.texts, world.cast, world.posts).to_pylist()
        return cls(world, rendered, by_channel, counts_of(world)[0], _reactors(world))

    def chats(self, index: int) -> Iterator[dict[str, Any]]:
        spec = self.world.cast[index]
        title, native = spec.title or spec.name, int(spec.native)
        messages = [self._created(title, native)]
        messages += [self._message(int(row), spec) for row in self.by_channel[index]]
        yield {"name": title, "type": "public_channel", "id": native, "messages": [*messages, *self._pinned(messages)]}
        if spec.discussion:
            talk = [self._message(int(row), spec) for row in self.by_channel[index + len(self.world.cast)]]
            yield {
                "name": f"{title} · талқы",
                "type": "public_supergroup",
                "id": int(spec.discussion),
                "messages": talk,
            }

    def _created(self, title: str, native: int) -> Message:
        at = int(datetime(2021, 9, 6, 7, 12, tzinfo=UTC).timestamp()) + native % 20_000_000
        return {
            "id": 1, "type": "service", **_time("date", at), "actor": title, "actor_id": f"channel{native}",
            "action": "create_channel", "title": title, "text": "", "text_entities": [],
        }  # fmt: skip

    def _pinned(self, messages: list[Message]) -> list[Message]:
        last = messages[-1]
        if last["type"] == "service":
            return []
        return [{
            "id": last["id"] + 1, "type": "service", **_time("date", int(last["date_unixtime"]) + 75),
            "actor": last["from"], "actor_id": last["from_id"], "action": "pin_message", "message_id": last["id"],
            "text": "", "text_entities": [],
        }]  # fmt: skip

    def _message(self, row: int, spec: ActorSpec) -> Message:
        world, rows = self.world, self.world.rows
        role, original, at, number = (int(one[row]) for one in (rows.role, rows.original, rows.at, rows.number))
        account = rows.author[[row]]
        named = int(account[0]) >= world.accounts.first_named
        message: Message = {"id": number, "type": "message", **_time("date", at)}
        if number % 17 == 0 and role != REPLY:
            message |= _time("edited", at + 190 + number)
        message["from"] = world.names.name(account)[0].as_py()
        message["from_id"] = ("channel" if named else "user") + world.names.native(account)[0].as_py()
        if role in (RESHARE, RELAY):
            source = world.cast[int(world.posts.actor[original])]
            message["forwarded_from"] = source.title or source.name
            message["forwarded_from_id"] = f"channel{source.native}"
        if role == RELAY:
            message["saved_from"] = message["forwarded_from"]
        if role == REPLY:
            message["reply_to_message_id"] = int(rows.number[rows.relay_of[original]])
            text = world.texts.texts[int(world.reply_text[rows.event[row]])]
        else:
            text = self.rendered[original]
            if original % 5 == 0:
                message |= {"photo": _NOT_INCLUDED, "width": 1280, "height": 720 + 80 * (original % 3)}
        message |= _text(text, headline=spec.kind == "media" and role not in (REPLY, RESHARE))
        return message | self._reactions(role, original)

    def _reactions(self, role: int, original: int) -> Message:
        emoji = _EMOJI[LABELS[int(self.world.labels[original])]]
        if role == RELAY:
            listed = self.reactors.get(original, [])
            groups = [[one for place, one in enumerate(listed) if _emoji_of(place, len(listed)) == k] for k in range(5)]
            reactions = [_listed(sign, group) for sign, group in zip(emoji, groups, strict=True) if group]
        elif role in (RESHARE, REPLY):
            return {}
        else:
            total = int(self.reactions[original])
            counts = [_emoji_count(place, total) for place in range(5)]
            reactions = [
                {"type": "emoji", "count": count, "emoji": sign}
                for sign, count in zip(emoji, counts, strict=True)
                if count
            ]
        return {"reactions": reactions} if reactions else {}


def _reactors(world: World) -> dict[int, list[tuple[str, str, int]]]:
    events = world.spread.events
    chosen = np.flatnonzero(events.seen & (events.kind == REACTION) & ~world.posts.on_x[events.post])
    chosen = chosen[np.argsort(-events.at[chosen], kind="stable")]
    ids = world.names.native(events.account[chosen]).to_pylist()
    names = world.names.name(events.account[chosen]).to_pylist()
    found: dict[int, list[tuple[str, str, int]]] = {}
    for event, native, name in zip(chosen, ids, names, strict=True):
        found.setdefault(int(events.post[event]), []).append((native, name, int(events.at[event])))
    return found


def _emoji_count(place: int, total: int) -> int:
    """Return how many of `total` reactions are of the emoji at `place`; the five counts sum to the total."""
    edges = np.floor(np.concatenate([[0.0], np.cumsum(_EMOJI_SHARES)]) * total + 0.5)
    return int(edges[place + 1] - edges[place])


def _emoji_of(place: int, total: int) -> int:
    """Return the emoji of the reaction at `place` among `total`."""
    return int(np.searchsorted(np.cumsum([_emoji_count(one, total) for one in range(5)]), place, side="right"))


def _listed(sign: str, people: Sequence[tuple[str, str, int]]) -> Message:
    recent = [{"from": name, "from_id": f"user{native}", "date": _local(at)} for native, name, at in people]
    return {"type": "emoji", "count": len(people), "emoji": sign, "recent": recent}


def _local(at: int) -> str:
    return datetime.fromtimestamp(at, _ZONE).replace(tzinfo=None).isoformat()


def _time(name: str, at: int) -> Message:
    return {name: _local(at), f"{name}_unixtime": str(at)}


def _text(text: str, *, headline: bool) -> Message:
    """Return the two fields in which a message says its text: mixed, and as a list of marked parts."""
    marked = [{"type": part.kind, "text": part.text} for part in parts_of(text)]
    first = marked[0]["text"] if marked else ""
    stop = next((place + 1 for place, sign in enumerate(first) if sign in ".!?" and 20 < place < 110), 0)
    if headline and marked and marked[0]["type"] == "plain" and 0 < stop < len(first):
        marked[:1] = [{"type": "bold", "text": first[:stop]}, {"type": "plain", "text": first[stop:]}]
    if len(marked) == 1 and marked[0]["type"] == "plain":
        return {"text": text, "text_entities": marked}
    mixed = [part["text"] if part["type"] == "plain" else part for part in marked]
    return {"text": mixed, "text_entities": marked}
