"""Whatever stands in a field of a record, the record becomes a post or a reject, and the others are taken."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

DESKTOP = {
    "id": 7, "type": "message", "date": "2026-03-02T10:00:00", "date_unixtime": "1772431200", "from": "A",
    "from_id": "user5", "forwarded_from": "B", "forwarded_from_id": "channel6", "reply_to_message_id": 3,
    "reply_to_peer_id": "channel9", "text": ["a ", {"type": "link", "text": "b.kz"}],
    "text_entities": [{"type": "link", "text": "b.kz"}, {"type": "mention_name", "text": "c", "user_id": 4}],
    "reactions": [{"count": 2, "recent": [{"from": "C", "from_id": "user8", "date": "2026-03-02T10:00:00"}]}],
}  # fmt: skip
TELETHON = {
    "_": "Message", "id": 7, "peer_id": {"_": "PeerChannel", "channel_id": 5}, "date": "2026-03-02T10:00:00+00:00",
    "message": "a @bcd", "from_id": {"user_id": 8}, "views": 3, "forwards": 4, "replies": {"replies": 5},
    "entities": [{"_": "MessageEntityMention", "offset": 2, "length": 4}],
    "fwd_from": {"from_id": {"channel_id": 6}, "channel_post": 1}, "reply_to": {"reply_to_msg_id": 2},
    "reactions": {"results": [{"count": 1}], "recent_reactions": [{"peer_id": {"user_id": 4}, "date": 1772431200}]},
    "media": {"photo": {"id": 1}}, "chat": {"title": "t", "username": "u", "participants_count": 9},
}  # fmt: skip
X_POST = {
    "id": "7", "author_id": "5", "text": "RT @bcd: a…", "created_at": "2026-03-02T10:00:00Z", "lang": "kk",
    "public_metrics": {"like_count": 1, "retweet_count": 2, "reply_count": 3}, "in_reply_to_user_id": "8",
    "referenced_tweets": [{"type": "replied_to", "id": "3"}, {"type": "quoted", "id": "4"}],
    "entities": {
        "mentions": [{"username": "bcd", "id": "6"}], "urls": [{"expanded_url": "https://b.kz"}],
        "hashtags": [{"tag": "x"}],
    },
    "attachments": {"media_keys": ["3_1"]},
    "author": {"id": "5", "username": "u", "public_metrics": {"followers_count": 1}},
}  # fmt: skip

numbers = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
odd_texts = st.text(max_size=5) | st.sampled_from(["-1", "1e400", "channel", "http://[", "9" * 25, "@", "\x00"])
keys = st.sampled_from(["id", "text", "count", "date"])
values = st.recursive(
    st.none() | st.booleans() | numbers | odd_texts,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=4,
)


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in steps:
        yield (*way, key)
        yield from _places(part, (*way, key))


def _changed(record: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    new = copy.deepcopy(record)
    part: Any = new
    for step in way[:-1]:
        part = part[step]
    part[way[-1]] = value
    return new


def _desktop(records: list[Any]) -> str:
    return json.dumps({"name": "A", "type": "public_supergroup", "id": 55, "messages": records})


def _lines(records: list[Any]) -> str:
    return "\n".join(map(json.dumps, records))


KINDS: dict[str, tuple[dict[str, Any], Callable[[list[Any]], str]]] = {
    "telegram_desktop": (DESKTOP, _desktop),
    "telegram_telethon": (TELETHON, _lines),
    "x_api_v2": (X_POST, _lines),
}


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_odd_records(tmp_path: Path, content: Callable[..., Any], kind: str, data: st.DataObject) -> None:
    record, write = KINDS[kind]
    way = data.draw(st.sampled_from(list(_places(record))))
    odd = _changed(record, way, data.draw(values))
    file = tmp_path / "export.json"
    file.write_text(write([record, odd, record]), encoding="utf-8")
    found = content(file, format=kind)
    assert len(found.posts) + len(found.rejects) == 3
    assert len(found.posts) >= 2
    sources = {row["source"] for row in found.interactions} | {row["actor_id"] for row in found.posts}
    assert sources <= {row["actor_id"] for row in found.actors}
