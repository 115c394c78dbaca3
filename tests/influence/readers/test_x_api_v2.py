"""Answers of the X API v2: pages, streams, flattened posts."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Json = dict[str, Any]
Read = Callable[..., Any]

AUTHOR = {
    "id": "11",
    "username": "Dana_S",
    "name": "Дана",
    "public_metrics": {"followers_count": 40},
    "description": "d",
}
LEADER = {"id": "22", "username": "Leader", "name": "L", "public_metrics": {"followers_count": 9000}}
RETRIEVED = {"retrieved_at": "2026-03-05T00:00:00+00:00", "version": "2.14"}


def post(number: int, text: str = "сәлем", **more: Any) -> Json:
    """A post of Dana."""
    metrics = {"retweet_count": 2, "reply_count": 1, "like_count": 5, "quote_count": 0}
    return {
        "id": str(number),
        "author_id": "11",
        "text": text,
        "created_at": "2026-03-02T06:00:00.000Z",
        "lang": "kk",
        "public_metrics": metrics,
        **more,
    }


def page(*posts: Json, users: tuple[Json, ...] = (AUTHOR, LEADER), tweets: tuple[Json, ...] = (), **more: Any) -> Json:
    """A page as twarc writes it."""
    return {
        "data": list(posts),
        "includes": {"users": list(users), "tweets": list(tweets)},
        "__twarc": RETRIEVED,
        **more,
    }


@pytest.fixture
def answer(tmp_path: Path, content: Read) -> Callable[..., Any]:
    """Writes lines and reads them."""

    def run(*lines: Json | str) -> Any:
        file = tmp_path / "tweets.jsonl"
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        file.write_text("\n".join(texts) + "\n", encoding="utf-8")
        return content(file)

    return run


def test_a_post_with_its_author_and_counts(answer: Read) -> None:
    found = answer(page(post(1, "a &amp; b &lt;3", public_metrics={"like_count": 5, "impression_count": 300})))
    assert found.format == "x_api_v2"
    (row,) = found.posts
    assert (row["post_id"], row["actor_id"], row["text"]) == ("x:1", "x:11", "a & b <3")
    assert [row[name] for name in ("views", "reactions", "comments", "shares")] == [300, 5, None, None]
    assert row["url"] == "https://x.com/Dana_S/status/1"
    author = next(actor for actor in found.actors if actor["actor_id"] == "x:11")
    assert (author["handle"], author["followers"], author["url"]) == ("Dana_S", 40, "https://x.com/Dana_S")
    assert author["followers_at"] == dt.datetime(2026, 3, 5, tzinfo=dt.UTC)


def test_pages_streams_and_flattened_posts_give_the_same(answer: Read) -> None:
    several = answer(page(post(1)), page(post(2)))
    stream = answer(*({**page(), "data": post(number), "matching_rules": []} for number in (1, 2)))
    flattened = answer(*({**post(number), "author": AUTHOR, "__twarc": RETRIEVED} for number in (1, 2)))
    assert several.posts == stream.posts == flattened.posts
    assert several.format == stream.format == flattened.format == "x_api_v2"


def test_a_page_may_be_one_document_or_an_array(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "page.json"
    file.write_text(json.dumps(page(post(1)), indent=2), encoding="utf-8")
    assert len(content(file).posts) == 1
    file.write_text('{"data": [\n' + json.dumps(post(1)) + '\n], "meta": {"result_count": 1}}', encoding="utf-8")
    assert len(content(file).posts) == 1
    file.write_text(json.dumps([page(post(1)), page(post(2))], indent=2), encoding="utf-8")
    assert len(content(file).posts) == 2


def retweet(**more: Any) -> Json:
    """A retweet of post 9 by the leader, whose text the API cuts."""
    mentions = {"mentions": [{"username": "leader"}, {"username": "third"}]}
    numbers = {"retweet_count": 410, "like_count": 0, "reply_count": 0, "impression_count": 0}
    reference = [{"type": "retweeted", "id": "9"}]
    return post(
        3,
        "RT @Leader: ұзын мәтін @third…",
        referenced_tweets=reference,
        entities=mentions,
        public_metrics=numbers,
        **more,
    )


def test_a_retweet_acts_on_the_original_only(answer: Read) -> None:
    urls = {
        "urls": [{"expanded_url": "https://example.org/a", "display_url": "example.org/a"}],
        "hashtags": [{"tag": "Күміс"}],
    }
    original = post(9, "ұзын мәтін @third соңына дейін", author_id="22", entities=urls)
    found = answer(page(retweet(), tweets=(original,)))
    (row,) = found.posts
    assert row["text"] == "RT @Leader: ұзын мәтін @third соңына дейін"
    assert (row["reshared_post"], row["reshared_actor"]) == ("x:9", "x:22")
    # The API gives the numbers of the original: they are not those of this post.
    assert [row[name] for name in ("views", "reactions", "comments", "shares")] == [None] * 4
    assert found.acts == {("x:11", "reshare", "x:22", "x:3", "x:9")}
    assert found.things == {
        ("x:3", "reshare", "x:9"),
        ("x:3", "url", "https://example.org/a"),
        ("x:3", "hashtag", "күміс"),
    }


def test_a_retweet_without_its_original_names_the_handle(answer: Read) -> None:
    assert answer(page(retweet(), users=(AUTHOR,))).posts[0]["reshared_actor"] == "x:@leader"
    assert answer(page(retweet())).posts[0]["reshared_actor"] == "x:22"
    known = retweet()
    known["entities"]["mentions"][0]["id"] = "22"
    assert answer(page(known, users=(AUTHOR,))).posts[0]["reshared_actor"] == "x:22"


def test_replies_quotes_and_mentions(answer: Read) -> None:
    entities = {"mentions": [{"username": "Leader", "id": "22"}, {"username": "Third"}, {"username": "third"}]}
    references = [{"type": "replied_to", "id": "9"}, {"type": "quoted", "id": "10"}]
    reply = post(4, "@Leader @Third жоқ", referenced_tweets=references, in_reply_to_user_id="22", entities=entities)
    found = answer(page(reply, tweets=(post(10, author_id="33"),)))
    assert found.acts == {
        ("x:11", "reply", "x:22", "x:4", "x:9"),
        ("x:11", "quote", "x:33", "x:4", "x:10"),
        ("x:11", "mention", "x:@third", "x:4", None),
    }
    assert found.posts[0]["reply_to"] == "x:9"


def test_links_are_the_unwound_ones_and_own_pictures_are_media(answer: Read) -> None:
    urls = [
        {
            "url": "https://t.co/a",
            "expanded_url": "https://bit.ly/a",
            "unwound_url": "https://example.org/long?utm_source=x",
        },
        {"url": "https://t.co/b", "expanded_url": "https://x.com/u/status/1/photo/1", "display_url": "pic.x.com/b"},
    ]
    found = answer(page(post(1, entities={"urls": urls}, attachments={"media_keys": ["3_77"]})))
    assert found.things == {("x:1", "url", "https://example.org/long"), ("x:1", "media", "3_77")}


def test_the_long_text_is_taken(answer: Read) -> None:
    note = {"text": "бүкіл мәтін #соңы", "entities": {"hashtags": [{"tag": "соңы"}]}}
    found = answer(page(post(1, "бүкіл…", note_tweet=note)))
    assert found.posts[0]["text"] == "бүкіл мәтін #соңы"
    assert found.things == {("x:1", "hashtag", "соңы")}


def test_languages_that_are_none_are_null(answer: Read) -> None:
    assert answer(page(post(1, lang="qme"), post(2, lang="ru"))).posts[0]["lang"] is None


def test_what_is_no_post_is_rejected(answer: Read) -> None:
    found = answer(
        page(post(1)),
        {"data": [{"id": "5", "name": "List", "owner_id": "1"}], "meta": {"result_count": 1}},
        '{"data": {"author_id": "11"',
        {"errors": [{"detail": "Could not find tweet.", "resource_type": "tweet", "parameter": "ids"}]},
        {"data": [{"id": "6", "text": "no author"}], "meta": {"result_count": 1}},
        {"meta": {"result_count": 0}},
        page(post(7, created_at="gestern")),
        {"id": "8", "username": "someone"},
    )
    assert len(found.posts) == 1
    assert [(row["line"], row["reason"]) for row in found.rejects] == [
        (2, "no post but a list (without text)"),
        (3, "no JSON: it breaks off after 27 characters"),
        (4, "an error object: Could not find tweet."),
        (5, "a post without author_id; collect it with expansions=author_id (twarc does)"),
        (7, "created_at 'gestern' is no date"),
        (8, "no post but a user (without text)"),
    ]


def test_what_a_page_could_not_include_is_a_remark(answer: Read) -> None:
    errors = [
        {"detail": "User has been suspended: [b].", "resource_type": "user", "parameter": "entities.mentions.username"}
    ]
    found = answer(page(post(1), errors=errors), page(post(2), errors=errors * 2))
    assert found.rejects == []
    assert found.notes == (
        "the source left out 3 users or posts that posts refer to, for example: User has been suspended: [b].",
    )


def test_a_broken_number_of_a_user_does_not_cost_the_post(answer: Read) -> None:
    odd = {**AUTHOR, "public_metrics": {"followers_count": "many"}}
    found = answer(page(post(1), users=(odd,)))
    assert found.posts[0]["actor_id"] == "x:11"
    assert found.actors[0]["followers"] is None
