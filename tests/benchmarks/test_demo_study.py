"""Synthetic studies as files, and the demo study that ships: layouts of the platforms, rows, bytes, truth."""

import csv
import json
import re
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from influence.settings import read_settings
from synthesise import PRESETS, SyntheticStudy, preset, synthesise, write_exports, write_tables, write_truth

DEMO = Path(__file__).parents[2] / "datasets" / "demo"
SETS = ("potential", "exposed_own", "exposed", "engaged")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def messages(folder: Path) -> dict[str, dict[str, Any]]:
    """The messages of a Telegram export by their id in the data contract."""
    chats = json.loads((folder / "telegram" / "result.json").read_text(encoding="utf-8"))["chats"]["list"]
    return {
        f"telegram:{chat['id']}/{message['id']}": message
        for chat in chats
        for message in chat["messages"]
        if message["type"] == "message"
    }


def tweets(folder: Path) -> dict[str, dict[str, Any]]:
    """The posts of an X export by their id in the data contract."""
    pages = [json.loads(line) for line in (folder / "x" / "tweets.jsonl").read_text(encoding="utf-8").splitlines()]
    return {f"x:{tweet['id']}": tweet for page in pages for tweet in page["data"]}


def said(message: dict[str, Any]) -> str:
    parts = message["text"] if isinstance(message["text"], list) else [message["text"]]
    return "".join(part if isinstance(part, str) else part["text"] for part in parts)


def test_the_same_seed_gives_the_same_bytes(
    studies: dict[str, SyntheticStudy], folders: dict[str, Path], tmp_path: Path
) -> None:
    again = synthesise(preset("small"))
    write_exports(again, tmp_path / "exports")
    assert contents(tmp_path / "exports") == contents(folders["small"])
    for name, one in (("first", studies["small"]), ("second", again)):
        write_tables(one, tmp_path / name / "parquet")
        write_tables(one, tmp_path / name / "csv", "csv")
        write_truth(one, tmp_path / name / "truth")
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_the_bundled_demo_is_what_the_generator_gives(folders: dict[str, Path]) -> None:
    bundled = contents(DEMO)
    del bundled["README.md"]
    fresh = contents(folders["demo"])
    assert bundled.keys() == fresh.keys()
    stale = [name for name in fresh if bundled[name] != fresh[name]]
    assert not stale, "datasets/demo is stale: python benchmarks/synthesise.py --preset demo --out datasets/demo"


def test_exports_hold_the_rows_of_the_tables(study: SyntheticStudy, folder: Path) -> None:
    posts = {row["post_id"]: row for row in study.posts.to_pylist()}
    telegram, x = messages(folder), tweets(folder)
    assert telegram.keys() | x.keys() == posts.keys()
    assert len(telegram) + len(x) == len(posts)
    for post, message in telegram.items():
        row = posts[post]
        assert said(message) == row["text"] == "".join(part["text"] for part in message["text_entities"])
        assert row["actor_id"] == "telegram:" + re.sub(r"\D", "", message["from_id"])
        assert int(message["date_unixtime"]) == row["created_at"].timestamp()
        local = datetime.fromisoformat(message["date"]).replace(tzinfo=UTC)
        assert local - row["created_at"] == timedelta(hours=5)
        assert sum(one["count"] for one in message.get("reactions", [])) == (row["reactions"] or 0)
        assert ("forwarded_from_id" in message) == (row["reshared_actor"] is not None)
    for post, tweet in x.items():
        row = posts[post]
        assert tweet["text"] == row["text"] or row["text"].startswith(tweet["text"].removesuffix("…"))
        assert row["actor_id"] == f"x:{tweet['author_id']}"
        if row["views"] is not None:
            metrics = tweet["public_metrics"]
            assert (metrics["impression_count"], metrics["retweet_count"]) == (row["views"], row["shares"])
        for kind in ("mentions", "hashtags", "urls"):
            for entity in tweet.get("entities", {}).get(kind, []):
                marked = tweet["text"][entity["start"] : entity["end"]]
                assert marked.lstrip("@#") == entity.get("username", entity.get("tag", entity.get("url")))


def test_pages_bring_the_users_and_posts_that_they_refer_to(folder: Path) -> None:
    for line in (folder / "x" / "tweets.jsonl").read_text(encoding="utf-8").splitlines():
        page = json.loads(line)
        users = {user["id"] for user in page["includes"]["users"]}
        names = {user["username"] for user in page["includes"]["users"]}
        included = {tweet["id"] for tweet in page["includes"]["tweets"]}
        assert page["meta"]["result_count"] == len(page["data"]) <= 100
        assert [tweet["id"] for tweet in page["data"]] == sorted((tweet["id"] for tweet in page["data"]), reverse=True)
        for tweet in page["data"]:
            assert tweet["author_id"] in users
            assert {one["id"] for one in tweet.get("referenced_tweets", [])} <= included
            for mention in tweet.get("entities", {}).get("mentions", []):
                assert mention["username"] in names or mention["username"].startswith("example")


def test_truth_file_says_what_the_truth_is(study: SyntheticStudy, folder: Path) -> None:
    file = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert file["rows"] == {name: table.num_rows for name, table in study.tables.items()}
    assert len(file["posts"]) == study.posts.num_rows
    for kind in SETS:
        sizes = study.truth.values(kind)
        assert {entry["actor_id"]: entry[kind] for entry in file["actors"] if kind in entry} == sizes
    for name, members in study.truth.groups.items():
        assert file["groups"][name]["potential"]["union"] == study.truth.union("potential", members)
    assert set(file["coordinated"]["accounts"]) == set(study.truth.coordinated["actor_id"].to_pylist())
    assert file["manipulative"] == study.truth.manipulative.to_pylist()


def test_tables_and_truth_are_read_back(studies: dict[str, SyntheticStudy], tmp_path: Path) -> None:
    study = studies["small"]
    write_tables(study, tmp_path)
    write_truth(study, tmp_path / "truth")
    for name, table in study.tables.items():
        assert pq.read_table(tmp_path / f"{name}.parquet") == table
    members = pq.read_table(tmp_path / "truth" / "members_potential.parquet")
    assert Counter(members["actor_id"].to_pylist()) == study.truth.values("potential")
    graph = pq.read_table(tmp_path / "truth" / "cascade_graph.parquet")
    assert 0 <= pc.min(graph["probability"]).as_py() <= pc.max(graph["probability"]).as_py() < 1
    assert read_settings(tmp_path).roster == "roster.csv"


def test_the_demo_is_small_enough_to_ship() -> None:
    assert sum(len(content) for content in contents(DEMO).values()) <= 3_000_000
    assert 900 <= len(messages(DEMO)) + len(tweets(DEMO)) <= 1_400


def test_the_demo_uses_each_written_post_once(studies: dict[str, SyntheticStudy]) -> None:
    study = studies["demo"]
    mirrors = {spec.actor_id for spec in study.world.cast if spec.mirrors}
    group = set(study.truth.coordinated["actor_id"].to_pylist())
    repeated = {second for _, second in study.truth.syndicated}
    rows = [
        row
        for row in study.truth.labels.to_pylist()
        if row["copy_of"] is None and not row["text_id"].startswith("reply") and row["post_id"] not in repeated
    ]
    own = [row for row in rows if row["actor_id"] not in mirrors | group]
    assert max(Counter(row["text_id"] for row in own).values()) == 1


def test_the_demo_is_an_interesting_comparison(studies: dict[str, SyntheticStudy]) -> None:
    study = studies["demo"]
    potential = study.truth.values("potential")
    leaders = [potential[actor] for actor in study.truth.groups["leader"] if actor.startswith("telegram")]
    outlets = [potential[actor] for actor in study.truth.groups["media"] if not actor.startswith("x")]
    assert 1.5 < np.median(leaders) / np.median(outlets) < 20
    assert min(leaders) < max(outlets) < max(leaders)
    assert {spec.kind for spec in study.world.cast} == {"leader", "media", "party", "ngo", "union", "state"}
    planted = study.truth.manipulative.to_pylist()
    assert planted
    assert all(row["posts"] >= 30 and row["share"] >= 0.4 for row in planted)


def test_the_demo_has_the_files_of_a_study() -> None:
    settings = tomllib.loads((DEMO / "study.toml").read_text(encoding="utf-8"))
    assert settings.keys() == {"name", "schema_version", "population", "languages", "roster", "seed", "window"}
    assert read_settings(DEMO).population == PRESETS["demo"].people
    with (DEMO / "actors.csv").open(encoding="utf-8", newline="") as file:
        roster = list(csv.DictReader(file))
    assert list(roster[0]) == [
        "actor_id",
        "platform",
        "handle",
        "url",
        "name",
        "person",
        "kind",
        "followers",
        "followers_at",
    ]
    persons = Counter(row["person"] for row in roster if row["kind"] == "leader")
    assert 2 in persons.values(), "one leader has accounts on both platforms"
    assert all(row["actor_id"] for row in roster if row["platform"] != "x")
    assert all(len(row["handle"]) <= 15 for row in roster if row["platform"] == "x"), "X allows no longer handles"


def test_links_of_the_demo_lead_nowhere_real() -> None:
    """Domains are reserved for examples, channels are of the cast or named as examples."""
    places = [part["text"] for message in messages(DEMO).values() for part in message["text_entities"]]
    places = [place for place in places if re.search(r"\w/\w", place) and re.match(r"https?:|[\w.-]+\.\w+/", place)]
    places += [
        link["expanded_url"] for tweet in tweets(DEMO).values() for link in tweet.get("entities", {}).get("urls", [])
    ]
    assert places
    allowed = r"(https://)?(www\.)?(example\.(org|com|net)|t\.me/\+?example|[a-z-]+\.example|x\.com/)"
    assert [place for place in places if not re.match(allowed, place)] == []


def test_the_datasheet_gives_the_true_figures() -> None:
    sheet = (DEMO / "README.md").read_text(encoding="utf-8")
    truth = json.loads((DEMO / "truth.json").read_text(encoding="utf-8"))
    groups = truth["groups"]
    both = next(
        row["value"]
        for row in truth["comparison"]
        if (row["measure"], row["kind_of_reach"], row["a"], row["b"])
        == ("union", "potential", "all_leaders", "all_media")
    )
    figures = [group["potential"][key] for group in (groups["leader"], groups["media"]) for key in ("union", "max")]
    figures += [int(both), len(tweets(DEMO)), len(messages(DEMO))]
    used = {row["text_id"] for row in truth["posts"] if not row["text_id"].startswith("reply")}
    for figure in [*figures, len(used)]:
        assert f"{figure:,}" in sheet
    for row in truth["manipulative"]:
        assert f"{row['manipulative_calls']} of {row['posts']}" in sheet


def test_readers_take_the_demo_as_it_is_meant(studies: dict[str, SyntheticStudy]) -> None:
    from influence.readers import telegram_desktop, x_api_v2
    from influence.readers.base import ReaderOptions

    meant = {row["post_id"]: row for row in studies["demo"].posts.to_pylist()}
    taken = {}
    for reader, file in ((telegram_desktop, "telegram/result.json"), (x_api_v2, "x/tweets.jsonl")):
        for batch in reader.read(DEMO / file, ReaderOptions()):
            taken.update({row["post_id"]: row for row in batch.tables["posts"].to_pylist()})
    assert taken.keys() == meant.keys()
    for post, row in taken.items():
        for column in ("actor_id", "platform", "created_at", "reply_to", "reshared_actor", "reactions"):
            assert row[column] == meant[post][column]
