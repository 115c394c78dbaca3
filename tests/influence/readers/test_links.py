"""Addresses in one form: what leads to one page is one object, what does not is two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.readers.links import canonical_url
from influence.readers.marks import hashtag, hashtags


@pytest.mark.parametrize(
    ("addresses", "form"),
    [
        (
            ("https://zakon.kz/news", "HTTPS://Zakon.KZ/news/", "https://m.zakon.kz/news", "https://www.zakon.kz:443/news",
             "https://mobile.zakon.kz./news?utm_source=tg&fbclid=1", "zakon.kz/news#top", "https://u:p@zakon.kz/news"),
            "https://zakon.kz/news",
        ),
        (
            ("https://youtu.be/dQw4w9WgXcQ", "https://youtu.be/dQw4w9WgXcQ?si=a&t=5", "http://m.youtube.com/watch?v=dQw4w9WgXcQ",
             "https://www.youtube.com/watch?feature=share&v=dQw4w9WgXcQ", "https://youtube.com/shorts/dQw4w9WgXcQ",
             "https://www.youtube.com/live/dQw4w9WgXcQ?si=b", "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ"),
            "https://youtube.com/watch?v=dQw4w9WgXcQ",
        ),
        (
            ("https://twitter.com/aqzhol/status/1?s=20&t=abc", "https://mobile.twitter.com/aqzhol/status/1",
             "x.com/aqzhol/status/1/"),
            "https://x.com/aqzhol/status/1",
        ),
        (("https://t.me/s/aqzhol/5", "https://telegram.me/aqzhol/5?single"), "https://t.me/aqzhol/5"),
        (
            ("https://kk.m.wikipedia.org/wiki/%D0%90%D0%BB%D0%BC%D0%B0%D1%82%D1%8B", "https://kk.wikipedia.org/wiki/Алматы"),
            "https://kk.wikipedia.org/wiki/Алматы",
        ),
        (("https://күміс.қаз/", "https://Күміс.Қаз", f"https://{'күміс.қаз'.encode('idna').decode()}"),
         f"https://{'күміс.қаз'.encode('idna').decode()}/"),
        (("http://e.kz:80/a?b=1&a=2",), "http://e.kz/a?b=1&a=2"),
    ],
)  # fmt: skip
def test_one_page_is_one_object(addresses: tuple[str, ...], form: str) -> None:
    assert [canonical_url(address) for address in addresses] == [form] * len(addresses)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://e.kz/a", "https://e.kz/A"),
        ("https://e.kz/?id=1", "https://e.kz/?id=2"),
        ("https://e.kz:8080/", "https://e.kz/"),
        ("https://m.kz/", "https://kz.kz/"),
        ("https://youtube.com/@kanal", "https://youtube.com/"),
        ("https://e.kz/a%2Fb", "https://e.kz/a/b"),
        ("https://e.kz/?t=1", "https://e.kz/"),
    ],
)
def test_two_pages_are_two_objects(one: str, other: str) -> None:
    assert canonical_url(one) != canonical_url(other)


@given(st.text(max_size=60), st.sampled_from(("", "https://e.kz/", "http://m.e.kz/a?", "https://youtu.be/")))
def test_the_form_is_final_and_nothing_breaks(text: str, before: str) -> None:
    form = canonical_url(before + text)
    assert form is None or canonical_url(form) == form


def test_hashtags_are_one_in_any_case_and_composition() -> None:
    assert list(hashtags("#АЛМАТЫ #Алматы #ӘДІЛДІК #STRASSE #straße")) == [
        "алматы",
        "алматы",
        "әділдік",
        "strasse",
        "strasse",
    ]
    assert hashtag("#И\u0306ОГА") == hashtag("йога") == "йога"
    assert hashtag("#") is None
