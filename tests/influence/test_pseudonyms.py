"""Pseudonyms: nothing that identifies an account survives in the study, the same account keeps one pseudonym."""

from __future__ import annotations

import csv
import json
import os
import stat
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influence.errors import InputError, StudyError
from influence.masking import mask, scrub
from influence.pseudonyms import KEY_VARIABLE, Pseudonyms, Roster, key_file, read_key
from influence.roster import RosterRow
from influence.study import Study

KEY = "0123456789abcdef-key-of-the-tests"


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key of the environment, so that no test touches the user's own."""
    monkeypatch.setenv(KEY_VARIABLE, KEY)


def rows(study: Study, table: str) -> list[dict[str, Any]]:
    """The rows of a table as imported."""
    found: list[dict[str, Any]] = study.engine.fetch(study.raw(table)).to_pylist()
    return found


def everything(study: Study) -> str:
    """All that the study holds of its imports, as one text in lower case."""
    parts = [
        json.dumps(pq.read_table(file).to_pylist(), default=str, ensure_ascii=False)
        for file in study.folder.glob("tables/*/*")
    ]
    records = [file.read_text(encoding="utf-8") for file in study.folder.glob("imports/*")]
    return "\n".join(parts + records).lower()


# -- the key -----------------------------------------------------------------------------------------------------------


def test_a_key_is_made_at_first_use_for_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(KEY_VARIABLE)
    monkeypatch.setenv("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME", str(tmp_path / "config"))
    first = read_key()
    assert len(first) == 64
    assert read_key() == first
    assert key_file().is_relative_to(tmp_path)
    if os.name != "nt":
        assert stat.S_IMODE(key_file().stat().st_mode) == 0o600
    assert list(key_file().parent.iterdir()) == [key_file()]
    key_file().write_text("short", encoding="utf-8")
    with pytest.raises(InputError, match="the key has 5 characters"):
        read_key()


def test_two_keys_in_one_study_are_refused(study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("post_id,actor_id,text\n1,7,a\n", encoding="utf-8")
    study.import_(file, platform="x", pseudonymise=True)
    monkeypatch.setenv(KEY_VARIABLE, KEY + "other")
    with pytest.raises(StudyError, match="pseudonymised with another key"):
        study.import_(file, platform="x", pseudonymise=True)
    assert KEY not in everything(study)


# -- texts -------------------------------------------------------------------------------------------------------------


def _masked(text: str, platform: str = "telegram", tokens: frozenset[str] = frozenset()) -> str:
    roster = Roster([RosterRow(2, handle="Leader", platform="telegram"), RosterRow(3, actor_id="telegram:55")])
    return Pseudonyms(KEY.encode(), roster, tokens).text(text, platform)


@pytest.mark.parametrize(
    "text",
    [
        "жаз: @leader", "https://t.me/Leader/15", "https://example.org/a?b=1", "12 000 000 теңге", "2026-03-01 10:00",
        "№ 1234567", "8 сағат", "1 000 000 000", "a@b", "01.03.2026 – 02.03.2026", "3,14159265358", "t.me/c/55/7",
    ],
)  # fmt: skip
def test_what_names_nobody_or_the_roster_stays(text: str) -> None:
    masked = _masked(text)
    assert masked == text or text == "a@b"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("пошта: dana.s+x@mail.kz!", "пошта: [email]!"),
        ("тел. +7 (701) 123-45-67.", "тел. [phone]."),
        ("87011234567", "[phone]"),
        ("8 701 123 45 67, 7011234567", "[phone], [phone]"),
        ("карта 4111 1111 1111 1111", "карта [card]"),
        ("карта 4400-4301-1111-1118", "карта 4400-4301-1111-1118"),
        ("https://t.me/+AbCdEf және t.me/joinchat/AbC", "https://t.me/[link] және t.me/[link]"),
        ("https://x.com/i/web/status/123456", "https://x.com/[link]"),
        ("tg://user?id=12345", "[link]"),
    ],
)
def test_what_names_people_is_masked(text: str, masked: str) -> None:
    assert _masked(text) == masked


def test_mentions_links_and_words_of_one_account_get_one_pseudonym() -> None:
    text = _masked("@Dana_S t.me/dana_s/5 https://t.me/s/DANA_S dana_s", tokens=frozenset(["dana_s"]))
    pseudonym = text.split()[0].removeprefix("@")
    assert text == f"@{pseudonym} t.me/{pseudonym} https://t.me/{pseudonym} {pseudonym}"
    assert _masked("@dana_s", "x") != f"@{pseudonym}"


def test_masking_again_changes_nothing() -> None:
    once = _masked("@Dana_S, t.me/dana_s/5, +77011234567, a@b.kz, 4111111111111111")
    assert mask(once, "telegram", lambda platform, native: None, frozenset()) == once


def test_reasons_and_remarks_lose_what_they_quote() -> None:
    assert scrub("created_at '31.02.2026' is no date (column 'when')") == "created_at … is no date (column …)"
    assert scrub("the source left out 2 users, for example: suspended: [dana].") == "the source left out 2 users"


# -- tables ------------------------------------------------------------------------------------------------------------

HANDLES = st.from_regex(r"\A[a-z]{3}_[a-z]{4,8}[0-9]{2}\Z")
PEOPLE = st.lists(
    st.tuples(st.integers(10**8, 10**9), HANDLES, st.from_regex(r"\AQ[a-z]{7} W[a-z]{7}\Z")),
    min_size=2,
    max_size=5,
    unique_by=(lambda person: person[0], lambda person: person[1], lambda person: person[2]),
)
SAYING = st.sampled_from(
    [
        "@{h} сәлем", "({h})", "https://t.me/{h}/5", "t.me/s/{h}", "https://x.com/{H}/status/{i}", "RT @{H}: мәтін",
        "#x @{H}!", "vk.com/id{i}", "{i}", "https://www.facebook.com/profile.php?id={i}", "tg://user?id={i}",
        "{h}@mail.kz", "x@{h}",
    ]
)  # fmt: skip


@given(
    people=PEOPLE, sayings=st.lists(SAYING, min_size=2, max_size=8), platform=st.sampled_from(["telegram", "x", "vk"])
)
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_no_handle_id_or_name_survives_anywhere(
    tmp_path_factory: pytest.TempPathFactory, people: list[tuple[int, str, str]], sayings: list[str], platform: str
) -> None:
    folder = tmp_path_factory.mktemp("study")
    file = folder / f"{people[0][1]}.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(
            [
                "post_id",
                "actor_id",
                "nick",
                "who",
                "text",
                "reshared_actor",
                "reshared_post",
                "reply_to",
                "url",
                "views",
            ]
        )
        for number, saying in enumerate(sayings):
            native, handle, name = people[number % len(people)]
            _, nick, _ = people[(number + 1) % len(people)]
            # A bare number can be told to be somebody's id only if that account stands in the data.
            other = people[(number + 1) % min(len(people), len(sayings))][0]
            text = saying.format(h=nick, H=nick.upper(), i=other)
            url = f"https://t.me/{handle}/{number}"
            writer.writerow([number, native, handle, name, text, f"@{nick}", f"{native}/3", number, url, number])
        writer.writerow(
            [99, people[0][0], people[0][1], people[0][2], "@" + people[0][1], "", "", "", "", people[0][1]]
        )
    study = Study.create(folder / "study")
    mapping = {"actor.handle": "nick", "actor.name": "who", "actor.person": "who", "actor.url": "url"}
    (record,) = study.import_(file, mapping=mapping, platform=platform, pseudonymise=True)
    assert (record.kept, record.rejected) == (len(sayings), 1)
    found = everything(study)
    for native, handle, name in people:
        for secret in (str(native), handle, name.lower()):
            assert secret not in found
    assert record.source == str(file)  # what the user is told is not what is stored
    assert len({row["actor_id"] for row in rows(study, "posts")}) == len({n % len(people) for n in range(len(sayings))})


def _export(folder: Path, name: str, *messages: dict[str, Any]) -> Path:
    content = {"name": "Көше", "type": "public_supergroup", "id": 777000111, "messages": list(messages)}
    file = folder / name
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def _message(number: int, person: int, text: str, **more: Any) -> dict[str, Any]:
    mentions = [{"type": "mention", "text": word} for word in text.split() if word.startswith("@")]
    return {
        "id": number, "type": "message", "date_unixtime": str(1772431200 + number), "from": f"Адам {person}",
        "from_id": f"user{person}", "text": text, "text_entities": mentions, **more,
    }  # fmt: skip


def test_the_roster_stays_named_and_everybody_else_keeps_one_pseudonym(study: Study, tmp_path: Path) -> None:
    roster = "actor_id,platform,handle,url,name,person,kind,followers,followers_at\n,telegram,Leader_1,,,,leader,,\n"
    (study.folder / "actors.csv").write_text(roster, encoding="utf-8")
    actors = tmp_path / "actors.csv"
    actors.write_text("actor_id,platform,handle,name\n900000001,telegram,Leader_1,Көшбасшы\n", encoding="utf-8")
    study.import_(actors, pseudonymise=True)
    first = _export(
        tmp_path, "a.json", _message(1, 900000001, "жиналыс"), _message(2, 500000001, "@Leader_1 келем @dana_s"),
        _message(3, 500000002, "ия", reply_to_message_id=2),
    )  # fmt: skip
    second = _export(tmp_path, "b.json", _message(4, 500000001, "тағы @Dana_S"))
    study.import_(first, second, pseudonymise=True)
    posts = {row["post_id"].rpartition("/")[2]: row for row in rows(study, "posts")}
    assert posts["1"]["actor_id"] == "telegram:900000001"
    assert posts["2"]["actor_id"] == posts["4"]["actor_id"] != posts["3"]["actor_id"]
    assert posts["3"]["reply_to"] == posts["2"]["post_id"]
    assert posts["2"]["text"].startswith("@Leader_1 келем @user_")
    targets = {row["target"] for row in rows(study, "interactions") if row["kind"] == "mention"}
    assert targets == {"telegram:@leader_1", f"telegram:{posts['2']['text'].split()[-1]}"}
    # Steps see the leader under its number, and everybody who was mentioned under one pseudonym.
    seen = study.engine.fetch(study.table("interactions")).to_pylist()
    assert {row["target"] for row in seen if row["kind"] == "mention"} == {
        "telegram:900000001",
        *(targets - {"telegram:@leader_1"}),
    }
    found = everything(study)
    assert not any(secret in found for secret in ("500000001", "500000002", "dana_s", "адам 5", "777000111"))
    assert "көшбасшы" in found


def test_the_same_file_under_pseudonyms_adds_nothing_the_second_time(study: Study, tmp_path: Path) -> None:
    file = _export(
        tmp_path, "a.json", _message(1, 500000001, "a"), {"id": 2, "type": "service", "action": "x", "actor": "Дана"}
    )
    study.import_(file, pseudonymise=True)
    (again,) = study.import_(file, pseudonymise=True)
    assert (again.read, again.kept, again.duplicates, again.rejected) == (2, 0, 1, 1)
    (named,) = study.import_(file)
    assert any("with and without pseudonyms" in note for note in named.notes)


def test_x_under_pseudonyms(study: Study, tmp_path: Path) -> None:
    author = {
        "id": "4200000000001",
        "username": "Dana_S77",
        "name": "Дана С.",
        "description": "hi",
        "public_metrics": {"followers_count": 3},
    }
    errors = [{"detail": "User has been suspended: [secret_nick9].", "resource_type": "user"}]
    entities = {"mentions": [{"username": "Other_N1"}], "urls": [{"expanded_url": "https://x.com/Other_N1/status/5"}]}
    post = {"id": "9000000000000000001", "author_id": author["id"], "text": "@Other_N1 қара", "entities": entities}
    lines = [{"data": [post], "includes": {"users": [author]}, "errors": errors}, {"errors": errors}]
    file = tmp_path / "tweets.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    study.import_(file, pseudonymise=True)
    found = everything(study)
    secrets = (
        "4200000000001",
        "dana_s77",
        "дана с.",
        "secret_nick9",
        "other_n1",
        "9000000000000000001",
        "tweets.jsonl",
    )
    assert not any(secret in found for secret in secrets)
    (actor,) = rows(study, "actors")
    assert (actor["followers"], actor["description"], actor["url"]) == (3, None, None)
