"""Messages that Telethon's users save: flat records and the library's own dictionaries."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from influence.errors import InputError

Json = dict[str, Any]
Read = Callable[..., Any]


def flat(number: int, **more: Any) -> Json:
    """A flat record of the channel 1234567890."""
    return {
        "message_id": number,
        "sender_id": -1001234567890,
        "text": "",
        "date": "2026-03-02T06:00:00+00:00",
        "channel": "Көше жаңалықтары",
        **more,
    }


def own(number: int, **more: Any) -> Json:
    """A message as Telethon's `to_dict` gives it."""
    return {
        "_": "Message",
        "id": number,
        "peer_id": {"_": "PeerChannel", "channel_id": 1234567890},
        "date": "2026-03-02T06:00:00+00:00",
        "message": "",
        "post": True,
        "from_id": None,
        "entities": [],
        **more,
    }


@pytest.fixture
def dump(tmp_path: Path, content: Read) -> Callable[..., Any]:
    """Writes messages, as an array or as lines, and reads them."""

    def run(*messages: Json, lines: bool = False, name: str = "messages.json", **options: Any) -> Any:
        file = tmp_path / name
        text = "\n".join(map(json.dumps, messages)) if lines else json.dumps(messages, ensure_ascii=False, indent=4)
        file.write_text(text, encoding="utf-8")
        return content(file, **options)

    return run


def test_flat_records(dump: Read) -> None:
    text = "Қараңыз: [мұнда](https://example.org/a) және @Aq_Jol, пошта a@b.kz #Күміс (https://example.org/b)."
    found = dump(flat(7, text=text, views=120, forwards=3, replies=4, reactions={"👍": 5, "❤": 2}))
    assert found.format == "telegram_telethon"
    (post,) = found.posts
    assert post["post_id"] == "telegram:1234567890/7"
    assert post["actor_id"] == "telegram:1234567890"
    assert [post[name] for name in ("views", "shares", "comments", "reactions")] == [120, 3, 4, 7]
    assert post["text"] == text
    assert [act[2] for act in found.acts] == ["telegram:@aq_jol"]
    assert {thing[2] for thing in found.things} == {"https://example.org/a", "https://example.org/b", "күміс"}
    assert found.actors[0]["name"] == "Көше жаңалықтары"


def test_the_same_message_has_the_same_id_in_every_kind_of_export(dump: Read, content: Read, tmp_path: Path) -> None:
    desktop = {
        "name": "Көше",
        "type": "public_channel",
        "id": 1234567890,
        "messages": [
            {"id": 7, "type": "message", "date_unixtime": "1772431200", "from_id": "channel1234567890", "text": ""}
        ],
    }
    file = tmp_path / "result.json"
    file.write_text(json.dumps(desktop), encoding="utf-8")
    table = tmp_path / "table.csv"
    table.write_text("channel,number,when\n-1001234567890,7,2026-03-02\n", encoding="utf-8")
    mapping = {"actor_id": "channel", "post_id": "number", "created_at": "when"}
    ids = {
        found.posts[0]["post_id"]
        for found in (dump(flat(7)), dump(own(7)), content(file), content(table, mapping=mapping, platform="telegram"))
    }
    assert ids == {"telegram:1234567890/7"}


def test_counts_that_are_not_given_are_null_and_zero_stays_zero(dump: Read) -> None:
    found = dump(own(1, views=0, replies={"_": "MessageReplies", "replies": 0}, reactions=None), own(2))
    names = ("views", "shares", "comments", "reactions")
    assert [[post[name] for name in names] for post in found.posts] == [[0, None, 0, None], [None] * 4]


def test_own_dictionaries(dump: Read) -> None:
    text = "😀 @Aq_Jol #Күміс сілтеме"
    entities = [
        {"_": "MessageEntityMention", "offset": 3, "length": 7},
        {"_": "MessageEntityHashtag", "offset": 11, "length": 6},
        {"_": "MessageEntityTextUrl", "offset": 18, "length": 7, "url": "https://example.org/x"},
        {"_": "MessageEntityMentionName", "offset": 0, "length": 2, "user_id": 501},
    ]
    reactions = {
        "results": [{"count": 4, "reaction": {"emoticon": "👍"}}],
        "recent_reactions": [{"peer_id": {"_": "PeerUser", "user_id": 502}, "date": "2026-03-02T06:10:00+00:00"}],
    }
    media = {"_": "MessageMediaPhoto", "photo": {"_": "Photo", "id": 5417}}
    found = dump(own(1, message=text, entities=entities, reactions=reactions, media=media, from_id={"user_id": 503}))
    assert found.posts[0]["actor_id"] == "telegram:503"
    assert found.posts[0]["reactions"] == 4
    post = "telegram:1234567890/1"
    assert found.acts == {
        ("telegram:503", "mention", "telegram:@aq_jol", post, None),
        ("telegram:503", "mention", "telegram:501", post, None),
        ("telegram:502", "reaction", "telegram:503", None, post),
    }
    assert found.things == {
        (post, "hashtag", "күміс"),
        (post, "url", "https://example.org/x"),
        (post, "media", "photo:5417"),
    }


def test_forwards_and_replies(dump: Read) -> None:
    found = dump(
        own(1, fwd_from={"from_id": {"_": "PeerChannel", "channel_id": 99}, "channel_post": 5}),
        own(2, fwd_from={"from_id": None, "from_name": "Біреу"}),
        own(3, reply_to={"reply_to_msg_id": 2, "reply_to_peer_id": None}),
        own(4, reply_to={"reply_to_msg_id": 5, "reply_to_peer_id": {"channel_id": 77}}),
        own(5, reply_to={"reply_to_msg_id": 1, "forum_topic": True}),
    )
    assert {(act[1], act[2], act[4]) for act in found.acts} == {
        ("reshare", "telegram:99", "telegram:99/5"),
        ("reshare", "telegram:name/Біреу", None),
        ("reply", None, "telegram:1234567890/2"),
        ("reply", None, "telegram:77/5"),
    }
    assert ("telegram:1234567890/1", "reshare", "telegram:99/5") in found.things


def test_what_is_no_message_of_a_channel_is_rejected(dump: Read) -> None:
    dialogue = own(2, peer_id={"_": "PeerUser", "user_id": 501}, message="құпия")
    service = own(3, _="MessageService", action={"_": "MessageActionPinMessage"})
    found = dump(own(1), dialogue, service, own(4, date="31.02.2026"), own(5, views=-1))
    assert len(found.posts) == 1
    assert [row["line"] for row in found.rejects] == [2, 3, 4, 5]
    assert [row["reason"] for row in found.rejects] == [
        "a message of a private dialogue: private messages are not imported",
        "a service message (MessageActionPinMessage)",
        "date '31.02.2026' is no date",
        "views -1 is no count",
    ]
    assert found.rejects[0]["raw"] is None


def test_people_in_groups_and_what_a_dump_says_of_them(dump: Read) -> None:
    sender = {"id": 501, "username": "dana", "first_name": "Дана", "last_name": "С."}
    chat = {"title": "Көше", "username": "kose", "participants_count": 1200}
    found = dump(
        flat(1, sender_id=501, chat_id=-1001234567890, sender=sender), flat(2, chat=chat), name="1001234567890.json"
    )
    assert [post["post_id"] for post in found.posts] == ["telegram:1234567890/1", "telegram:1234567890/2"]
    actors = {row["actor_id"]: row for row in found.actors}
    assert (actors["telegram:501"]["handle"], actors["telegram:501"]["name"]) == ("dana", "Дана С.")
    assert actors["telegram:1234567890"]["followers"] == 1200


def test_the_number_of_a_group_may_stand_in_the_name_of_the_file(dump: Read) -> None:
    found = dump(flat(1, sender_id=501), name="-1001234567890_messages.json")
    assert found.posts[0]["post_id"] == "telegram:1234567890/1"


def test_lines_and_arrays_give_the_same(dump: Read) -> None:
    messages = [own(1, message="a"), own(2, message="b")]
    assert dump(*messages).posts == dump(*messages, lines=True, name="messages.jsonl").posts


def test_times_as_seconds(dump: Read) -> None:
    assert dump(flat(1, date=1772431200)).posts[0]["created_at"] == dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)


def test_a_broken_line_is_rejected_and_the_rest_taken(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "messages.jsonl"
    lines = [json.dumps(flat(1)), '{"message_id": 2, "sender', json.dumps(flat(3)), "[]", "7"]
    file.write_text("\n".join(lines), encoding="utf-8")
    found = content(file)
    assert len(found.posts) == 2
    assert [row["line"] for row in found.rejects] == [2, 4, 5]
    assert found.rejects[0]["raw"] == '{"message_id": 2, "sender'


def test_an_array_that_breaks_off_is_refused(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "messages.json"
    file.write_text(json.dumps([flat(1), flat(2)])[:-40], encoding="utf-8")
    with pytest.raises(InputError, match="breaks off"):
        content(file)
