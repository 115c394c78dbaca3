"""Ids, times, links and mentions from all the ways in which sources write them."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.readers.ids import account_of_url, actor_ref, platform_name, post_ref, telegram_native
from influence.readers.links import canonical_url
from influence.readers.marks import hashtags, mentions, urls
from influence.readers.times import from_epoch, parse_time

ALMATY = ZoneInfo("Asia/Almaty")


@given(number=st.integers(1_000_000_000, 9_999_999_999))
def test_all_spellings_of_a_channel_are_one_number(number: int) -> None:
    spellings = [number, str(number), f"-100{number}", f"channel{number}", -int(f"100{number}"), int(f"100{number}")]
    assert {telegram_native(spelling) for spelling in spellings} == {str(number)}


def test_short_channel_numbers_and_people() -> None:
    assert telegram_native("-1001234567") == "1234567"
    assert telegram_native("-1000001234567") == "1234567"
    assert telegram_native("user777") == telegram_native(777) == "777"
    assert telegram_native("-4123") == "4123"
    assert telegram_native("aqzhol") is None


@pytest.mark.parametrize(
    ("platform", "value", "expected"),
    [
        ("telegram", "-1001234567890", "telegram:1234567890"),
        ("telegram", "@Aq_Jol", "telegram:@aq_jol"),
        ("telegram", "Aq_Jol", "telegram:@aq_jol"),
        ("telegram", "https://t.me/s/Aq_Jol", "telegram:@aq_jol"),
        ("telegram", "t.me/c/1234567890/5", "telegram:1234567890"),
        ("telegram", "Ақ жол | Жаңалықтар", "telegram:name/Ақ жол | Жаңалықтар"),
        ("telegram", "telegram:-1001234567890", "telegram:1234567890"),
        ("x", "1352661060663336960", "x:1352661060663336960"),
        ("x", "Dana_S", "x:@dana_s"),
        ("x", "https://twitter.com/Dana_S/status/5", "x:@dana_s"),
        ("web", "twitter:Dana_S", "x:@dana_s"),
        ("x", "a3f9bc0012a3f9bc0012a3f9bc0012", "x:a3f9bc0012a3f9bc0012a3f9bc0012"),
        ("facebook", "184096565021911", "facebook:184096565021911"),
        ("facebook", "https://www.facebook.com/profile.php?id=55", "facebook:55"),
        ("vk", "https://vk.com/club77", "vk:-77"),
        ("youtube", "https://www.youtube.com/channel/UC_a-b", "youtube:UC_a-b"),
        ("youtube", "https://youtube.com/@Kanal", "youtube:@kanal"),
        ("press", "USA Today", "press:USA Today"),
        ("press", "press:kumis-tany", "press:kumis-tany"),
        ("telegram", "  ", None),
    ],
)
def test_accounts(platform: str, value: str, expected: str | None) -> None:
    assert actor_ref(platform, value) == expected


@given(value=st.text(max_size=30), platform=st.sampled_from(["telegram", "x", "facebook", "web", "press"]))
def test_an_id_stays_what_it_is(value: str, platform: str) -> None:
    once = actor_ref(platform, value)
    if once is not None:
        assert actor_ref("web", once) == once


@pytest.mark.parametrize(
    ("platform", "value", "actor", "expected"),
    [
        ("telegram", "7", "telegram:1234567890", "telegram:1234567890/7"),
        ("telegram", "7", "telegram:@aq_jol", "telegram:aq_jol/7"),
        ("telegram", "7", None, None),
        ("telegram", "-1001234567890/7", None, "telegram:1234567890/7"),
        ("telegram", "https://t.me/Aq_Jol/7", "telegram:5", "telegram:aq_jol/7"),
        ("telegram", "https://t.me/c/1234567890/7", None, "telegram:1234567890/7"),
        ("x", "55", "x:1", "x:55"),
        ("x", "https://x.com/dana/status/55?s=20", None, "x:55"),
        ("facebook", "facebook:9", None, "facebook:9"),
        ("facebook", "", None, None),
    ],
)
def test_posts(platform: str, value: str, actor: str | None, expected: str | None) -> None:
    assert post_ref(platform, value, actor) == expected


@pytest.mark.parametrize(
    "address",
    ["https://x.com/i/status/5", "https://t.me/+abc", "https://t.me/joinchat/abc", "https://example.org/a", "https://t.me/",
     "https://x.com/search?q=a", "http://[broken"],
)  # fmt: skip
def test_addresses_that_are_no_profiles(address: str) -> None:
    assert account_of_url(address) is None


def test_platforms_have_one_name() -> None:
    assert [platform_name(name) for name in ("Twitter", " x ", "TG", "Telegram", "press")] == [
        "x", "x", "telegram", "telegram", "press",
    ]  # fmt: skip


# -- times -------------------------------------------------------------------------------------------------------------


@given(time=st.datetimes(dt.datetime(1980, 1, 1), dt.datetime(2090, 1, 1)))
def test_times_come_back_from_every_form(time: dt.datetime) -> None:
    exact = time.replace(microsecond=0, tzinfo=dt.UTC)
    seconds = int(exact.timestamp())
    local = exact.astimezone(ALMATY)
    universal: tuple[str, ...] = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S +0000")
    universal += ("%a %b %d %H:%M:%S +0000 %Y", "%a, %d %b %Y %H:%M:%S +0000")
    forms: list[object] = [exact.isoformat(), local.isoformat(), *map(exact.strftime, universal)]
    forms += [local.strftime("%Y-%m-%d %H:%M:%S"), local.strftime("%d.%m.%Y %H:%M:%S")]
    if seconds > 10**9:
        forms += [seconds, str(seconds), seconds * 1000, str(seconds * 10**6), float(seconds), f"{seconds}.0"]
    if local.utcoffset() == (local + dt.timedelta(hours=2)).utcoffset() == (local - dt.timedelta(hours=2)).utcoffset():
        assert {parse_time(form, ALMATY) for form in forms} == {exact}


def test_days_written_as_eight_digits() -> None:
    assert from_epoch(20_260_301) == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert parse_time("31.01.2026", dt.UTC) == dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    assert from_epoch(59) == dt.datetime(1970, 1, 1, 0, 0, 59, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    "text", ["", "soon", "31.02.2026 10:00", "2026-13-01", "2026-02-30", "03/04/2026", "9" * 30, "nan"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match=r"date|range|value|day|month|Invalid|must be"):
        parse_time(text, dt.UTC)


# -- what texts hold ---------------------------------------------------------------------------------------------------


def test_links_in_texts() -> None:
    text = "(https://Example.org/a_(b)), [x](https://example.org/c?utm_medium=m&q=1#f). http://example.org/d… https://e"
    assert list(urls(text)) == ["https://example.org/a_(b)", "https://example.org/c?q=1", "http://example.org/d"]


def test_addresses_are_written_in_one_way() -> None:
    assert canonical_url("HTTPS://EXAMPLE.org:8080/Path?b=1&fbclid=2") == "https://example.org:8080/Path?b=1"
    assert canonical_url("example.org/x") == "https://example.org/x"
    assert canonical_url("https://Күміс.Қаз/а") == f"https://{'күміс.қаз'.encode('idna').decode()}/а"
    assert canonical_url("tg://user?id=5") is None
    assert canonical_url("mailto:a@b.kz") is None
    assert canonical_url("http://[broken") is None


def test_hashtags_and_mentions_in_texts() -> None:
    text = "#Күміс_қала, #2026 жыл; a#b &#39; @Aq_Jol! пошта a@b.kz, example.org/@no @ab"
    assert list(hashtags(text)) == ["күміс_қала"]
    assert list(mentions("telegram", text)) == ["aq_jol"]
    assert list(mentions("x", text)) == ["aq_jol", "ab"]
    assert list(mentions("web", text)) == []
