"""Exports of Telegram Desktop: messages, forwards, replies, reactions, entities, whole accounts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influence.errors import InputError

Json = dict[str, Any]
Read = Callable[..., Any]


def message(number: int, **more: Any) -> Json:
    """A message of the channel 1234567890."""
    return {
        "id": number,
        "type": "message",
        "date": "2026-03-02T10:00:00",
        "date_unixtime": "1772431200",
        "from": "Көше",
        "from_id": "channel1234567890",
        "text": "",
        "text_entities": [],
        **more,
    }


def channel(*messages: Json, **more: Any) -> Json:
    """The export of a public channel."""
    return {"name": "Көше", "type": "public_channel", "id": 1234567890, "messages": list(messages), **more}


@pytest.fixture
def export(tmp_path: Path, content: Read) -> Callable[..., Any]:
    """Writes an export and reads it."""

    def run(value: Json, **options: Any) -> Any:
        file = tmp_path / "result.json"
        file.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")
        return content(file, **options)

    return run


def test_a_message_becomes_a_post(export: Read) -> None:
    parts = ["Жиналыс ", {"type": "bold", "text": "ертең"}, " 18:00"]
    entities = [
        {"type": "plain", "text": "Жиналыс "},
        {"type": "bold", "text": "ертең"},
        {"type": "plain", "text": " 18:00"},
    ]
    found = export(channel(message(7, text=parts, text_entities=entities)))
    assert found.format == "telegram_desktop"
    (post,) = found.posts
    assert post["post_id"] == "telegram:1234567890/7"
    assert post["actor_id"] == "telegram:1234567890"
    assert post["text"] == "Жиналыс ертең 18:00"
    assert post["created_at"] == dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
    # Such an export gives neither views nor forwards nor comments, and this message no reactions either.
    assert [post[name] for name in ("views", "shares", "comments", "reactions")] == [None] * 4
    assert [(row["actor_id"], row["name"]) for row in found.actors] == [("telegram:1234567890", "Көше")]
    assert found.notes == ()


def test_times_without_zone_are_local_times_of_the_exporter(export: Read) -> None:
    plain = message(1)
    del plain["date_unixtime"]
    found = export(channel(plain), timezone="Asia/Almaty")
    assert found.posts[0]["created_at"] == dt.datetime(2026, 3, 2, 5, tzinfo=dt.UTC)
    assert "Asia/Almaty" in found.notes[0]


def test_an_unknown_zone_is_named(export: Read) -> None:
    with pytest.raises(InputError, match="Asia/Nowhere"):
        export(channel(message(1)), timezone="Asia/Nowhere")


def test_empty_texts_stay_and_service_messages_are_rejected(export: Read) -> None:
    service = {"id": 2, "type": "service", "date": "2026-03-02T10:00:00", "action": "pin_message", "text": ""}
    found = export(channel(message(1), service, {"id": 3, "type": "unsupported"}, message(4, date_unixtime="soon")))
    assert [post["text"] for post in found.posts] == [""]
    assert [(row["line"], row["reason"]) for row in found.rejects] == [
        (2, "a service message (pin_message)"),
        (3, "type 'unsupported' is no message"),
        (4, "date '2026-03-02T10:00:00' is no date"),
    ]
    assert json.loads(found.rejects[0]["raw"])["action"] == "pin_message"


def test_forwards_are_reshares(export: Read) -> None:
    found = export(
        channel(
            message(1, forwarded_from="Қала", forwarded_from_id="channel99"),
            message(2, forwarded_from="Бұрынғы арна"),
            message(3, forwarded_from=None, forwarded_from_id=None),
        )
    )
    assert found.acts == {
        ("telegram:1234567890", "reshare", "telegram:99", "telegram:1234567890/1", None),
        ("telegram:1234567890", "reshare", "telegram:name/Бұрынғы арна", "telegram:1234567890/2", None),
    }
    assert [post["reshared_actor"] for post in found.posts] == ["telegram:99", "telegram:name/Бұрынғы арна", None]
    assert "without its id" in found.notes[0]
    assert {row["actor_id"]: row["name"] for row in found.actors}["telegram:99"] == "Қала"


def test_replies_point_to_posts_also_of_other_chats(export: Read) -> None:
    found = export(
        channel(message(8, reply_to_message_id=7), message(9, reply_to_message_id=5, reply_to_peer_id="channel77"))
    )
    assert {(act[1], act[2], act[4]) for act in found.acts} == {
        ("reply", None, "telegram:1234567890/7"),
        ("reply", None, "telegram:77/5"),
    }
    assert [post["reply_to"] for post in found.posts] == ["telegram:1234567890/7", "telegram:77/5"]


def test_reactions_are_counted_and_those_who_are_named_act(export: Read) -> None:
    who = {"from": "Дана", "from_id": "user501", "date": "2026-03-02T10:05:00"}
    reactions = [
        {"type": "emoji", "count": 5, "emoji": "❤", "recent": [who]},
        {"type": "custom_emoji", "count": 2, "document_id": "x"},
        {"type": "paid", "count": 1},
    ]
    found = export(channel(message(1, reactions=reactions)))
    assert found.posts[0]["reactions"] == 8
    assert found.notes == ()
    (act,) = found.interactions
    assert (act["source"], act["kind"], act["target"]) == ("telegram:501", "reaction", "telegram:1234567890")
    assert (act["post_id"], act["target_post"]) == (None, "telegram:1234567890/1")
    # The message has its time twice, 10:00 by the computer's clock and 06:00 UTC: so 10:05 there is 06:05.
    assert act["at"] == dt.datetime(2026, 3, 2, 6, 5, tzinfo=dt.UTC)


def test_entities_become_objects_and_mentions(export: Read) -> None:
    entities = [
        {"type": "mention", "text": "@Aq_Jol"},
        {"type": "mention_name", "text": "Дана", "user_id": 501},
        {"type": "link", "text": "HTTPS://Example.org/a?utm_source=tg&id=1#top"},
        {"type": "text_link", "text": "мұнда", "href": "https://t.me/kala/5"},
        {"type": "hashtag", "text": "#Күміс"},
        {"type": "phone", "text": "+7 701 000 00 00"},
        {"type": "email", "text": "a@b.kz"},
    ]
    found = export(channel(message(1, text_entities=entities)))
    post = "telegram:1234567890/1"
    assert found.things == {
        (post, "url", "https://example.org/a?id=1"),
        (post, "url", "https://t.me/kala/5"),
        (post, "hashtag", "күміс"),
    }
    assert {act[2] for act in found.acts} == {"telegram:@aq_jol", "telegram:501"}


def test_the_words_of_a_forwarded_post_mention_for_the_original_only(export: Read) -> None:
    entities = [{"type": "mention", "text": "@someone"}, {"type": "hashtag", "text": "#x"}]
    found = export(channel(message(1, text_entities=entities, forwarded_from="B", forwarded_from_id="channel99")))
    assert {act[1] for act in found.acts} == {"reshare"}
    assert {thing[1] for thing in found.things} == {"hashtag"}


def test_old_exports_have_texts_with_entities_and_long_channel_numbers(export: Read) -> None:
    old = message(1, from_id=(1 << 33) + 1234567890, text=["see ", {"type": "link", "text": "example.org/x"}])
    del old["text_entities"], old["date_unixtime"]
    found = export({**channel(old), "id": (1 << 33) + 1234567890})
    assert found.posts[0]["post_id"] == "telegram:1234567890/1"
    assert found.posts[0]["actor_id"] == "telegram:1234567890"
    assert found.things == {("telegram:1234567890/1", "url", "https://example.org/x")}


@pytest.mark.parametrize("kind", ["public_supergroup", "private_supergroup", "private_group"])
def test_in_groups_people_write(export: Read, kind: str) -> None:
    people = message(1, **{"from": "Дана", "from_id": "user501"})
    nameless = message(3, **{"from": None, "from_id": None})
    found = export({**channel(people, message(2, **{"from": None, "from_id": "user777"}), nameless), "type": kind})
    assert [post["actor_id"] for post in found.posts] == ["telegram:501", "telegram:777"]
    assert [post["post_id"] for post in found.posts] == ["telegram:1234567890/1", "telegram:1234567890/2"]
    assert [row["reason"] for row in found.rejects] == ["the sender is not given"]


def account(*chats: Json, left: tuple[Json, ...] = ()) -> Json:
    """The export of a whole account."""
    return {
        "about": "Here is the data you requested.",
        "personal_information": {"user_id": 1, "first_name": "A"},
        "chats": {"about": "Chats.", "list": list(chats)},
        "left_chats": {"about": "Left.", "list": list(left)},
    }


def test_whole_accounts_give_their_channels_and_groups_but_nothing_private(export: Read) -> None:
    private = {"name": "Дос", "type": "personal_chat", "id": 501, "messages": [message(1, text="құпия"), message(2)]}
    empty = {"name": "E", "type": "private_channel", "id": 55, "messages": []}
    left = {"name": "L", "type": "public_channel", "id": 66, "messages": [message(3, from_id="channel66")]}
    found = export(account(channel(message(1), message(2)), private, empty, left=(left,)))
    assert [post["post_id"] for post in found.posts] == [
        "telegram:1234567890/1",
        "telegram:1234567890/2",
        "telegram:66/3",
    ]
    assert {row["reason"] for row in found.rejects} == {
        "a message of a personal chat: private messages are not imported"
    }
    assert [row["raw"] for row in found.rejects] == [None, None]


def test_keys_may_stand_in_any_order(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "result.json"
    file.write_text(json.dumps({"messages": [message(1)], **channel()}, sort_keys=True), encoding="utf-8")
    moved = {"messages": [message(1)], "type": "public_channel", "name": "Көше", "id": 1234567890}
    file.write_text(json.dumps(moved), encoding="utf-8")
    assert content(file).posts[0]["post_id"] == "telegram:1234567890/1"


def test_a_broken_part_costs_its_message_only(export: Read) -> None:
    found = export(channel(message(1, reactions=[{"count": "many"}]), message(2, text_entities="?"), message(3)))
    assert [row["line"] for row in found.rejects] == [1]
    assert len(found.posts) == 2


def test_a_half_of_a_surrogate_pair_is_replaced(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "result.json"
    text = json.dumps(channel(message(1, text="a-HALF-b"))).replace("-HALF-", "\\ud83d")
    file.write_text(text, encoding="utf-8")
    assert content(file).posts[0]["text"].startswith("a")


def test_what_breaks_off_is_not_trusted(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "result.json"
    text = json.dumps(channel(message(1), message(2)), indent=1)
    file.write_text(text[: len(text) - 120], encoding="utf-8")
    with pytest.raises(
        InputError, match=r"result.json:\d+: the JSON breaks off at the end of the file, after byte \d+\."
    ):
        content(file)


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)


@given(
    numbers=st.lists(st.integers(1, 10**6), unique=True, max_size=15),
    texts=st.lists(texts, min_size=15, max_size=15),
    service=st.sets(st.integers(0, 14)),
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_message_is_a_post_or_a_reject(
    tmp_path: Path, content: Read, numbers: list[int], texts: list[str], service: set[int]
) -> None:
    messages = [message(number, text=text) for number, text in zip(numbers, texts, strict=False)]
    for place in service:
        if place < len(messages):
            messages[place]["type"] = "service"
    file = tmp_path / "result.json"
    file.write_text(json.dumps(channel(*messages), ensure_ascii=False), encoding="utf-8")
    found = content(file)
    kept = [m for m in messages if m["type"] == "message"]
    assert [post["text"] for post in found.posts] == [m["text"] for m in kept]
    assert len(found.posts) + len(found.rejects) == len(messages)
