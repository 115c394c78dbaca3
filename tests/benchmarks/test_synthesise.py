"""Synthetic studies: the same parameters give the same study, the truth is consistent, and what is planted is there."""

import csv
import itertools
import json
import re
import tomllib
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.settings import read_settings
from influence.tables import SCHEMAS
from synthesis.text_parts import parts_of
from synthesise import PRESETS, SyntheticStudy, main, preset, synthesise, write_exports, write_tables, write_truth

DEMO = Path(__file__).parents[2] / "datasets" / "demo"
STUDIES = ("demo", "small")
SETS = ("potential", "exposed_own", "exposed", "engaged")


@pytest.fixture(scope="module")
def studies() -> dict[str, SyntheticStudy]:
    return {name: synthesise(preset(name)) for name in STUDIES}


@pytest.fixture(scope="module", params=STUDIES)
def study(request: pytest.FixtureRequest, studies: dict[str, SyntheticStudy]) -> SyntheticStudy:
    return studies[request.param]


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


def reach(study: SyntheticStudy, kind: str) -> dict[str, float]:
    rows = study.truth.reach.to_pylist()
    return {row["actor_id"]: row["value"] for row in rows if row["kind_of_reach"] == kind and row["value"] is not None}


# -- the same again ----------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(studies: dict[str, SyntheticStudy], tmp_path: Path) -> None:
    again = synthesise(preset("small"))
    for name, one in (("first", studies["small"]), ("second", again)):
        write_exports(one, tmp_path / name / "exports")
        write_tables(one, tmp_path / name / "parquet")
        write_tables(one, tmp_path / name / "csv", "csv")
        write_truth(one, tmp_path / name / "truth")
    assert contents(tmp_path / "first") == contents(tmp_path / "second")


def test_another_seed_gives_another_study(studies: dict[str, SyntheticStudy]) -> None:
    other = synthesise(preset("small", seed=2))
    assert other.posts != studies["small"].posts
    assert other.truth.reach != studies["small"].truth.reach


def test_the_bundled_demo_is_what_the_generator_gives(studies: dict[str, SyntheticStudy], tmp_path: Path) -> None:
    write_exports(studies["demo"], tmp_path)
    bundled = contents(DEMO)
    del bundled["README.md"]
    fresh = contents(tmp_path)
    assert bundled.keys() == fresh.keys()
    stale = [name for name in fresh if bundled[name] != fresh[name]]
    assert not stale, "datasets/demo is stale: python benchmarks/synthesise.py --preset demo --out datasets/demo"


# -- the truth is consistent -------------------------------------------------------------------------------------------


@given(data=st.data())
def test_a_union_lies_between_its_largest_part_and_the_sum(
    studies: dict[str, SyntheticStudy], data: st.DataObject
) -> None:
    study = studies[data.draw(st.sampled_from(STUDIES))]
    kind = data.draw(st.sampled_from(SETS))
    actors = data.draw(st.lists(st.sampled_from(study.truth.actors), min_size=1, unique=True))
    sizes = [int(study.truth.sets[kind].sizes[study.truth.actors.index(actor)]) for actor in actors]
    union = study.truth.union(kind, actors)
    assert max(sizes) <= union <= sum(sizes)
    if kind != "engaged":
        assert union <= study.parameters.people
    if len(actors) == 2:
        assert union == sum(sizes) - study.truth.overlap(kind, *actors)


def test_kinds_of_reach_nest(study: SyntheticStudy) -> None:
    sets = study.truth.sets
    for index in range(len(study.truth.actors)):
        assert np.isin(sets["exposed_own"][index], sets["potential"][index]).all()
        assert np.isin(sets["exposed_own"][index], sets["exposed"][index]).all()
    engaged, visible, observed = (reach(study, f"engaged{part}") for part in ("", "_visible", "_observed"))
    assert all(observed[actor] <= visible[actor] <= engaged[actor] for actor in engaged)
    assert sum(observed.values()) < sum(visible.values()) < sum(engaged.values())


def test_reach_says_how_large_the_sets_are(study: SyntheticStudy) -> None:
    followers = {row["actor_id"]: row["followers"] for row in study.actors.to_pylist()}
    for kind in SETS:
        for actor, value in reach(study, kind).items():
            assert value == len(study.truth.sets[kind][study.truth.actors.index(actor)])
            if kind == "potential" and followers[actor] is not None:
                assert value == followers[actor]


def test_follower_lists_are_the_potential_reach(studies: dict[str, SyntheticStudy]) -> None:
    study = studies["small"]
    follows = study.follows()
    assert follows.schema == SCHEMAS["interactions"]
    counted = Counter(follows["target"].to_pylist())
    potential = reach(study, "potential")
    assert counted == {actor: potential[actor] for actor in potential if not actor.startswith(("press", "tv", "radio"))}
    assert len(set(follows["source"].to_pylist())) < follows.num_rows


def test_the_comparison_follows_from_the_sets(study: SyntheticStudy) -> None:
    truth = study.truth
    leaders, media = truth.groups["leader"], truth.groups["media"]
    seen = set()
    for row in truth.comparison.to_pylist():
        kind, a, b = row["kind_of_reach"], row["a"], row["b"]
        parts = [{"all_leaders": leaders, "all_media": media, "": []}.get(name, [name]) for name in (a, b)]
        seen.add((row["measure"], kind))
        if row["measure"].startswith("ratio_of"):
            continue
        if kind == "engaged":
            parts = [[name for name in part if not name.startswith(("press", "tv", "radio"))] for part in parts]
        first, second = (truth.union(kind, part) for part in parts)
        both = truth.union(kind, parts[0] + parts[1])
        known = {"union": both, "difference": first - second, "incremental": both - second}
        known["ratio"] = first / second if second else None
        assert row["value"] == pytest.approx(known[row["measure"]], abs=1e-6)
    assert seen >= set(itertools.product(("ratio", "difference", "union", "incremental"), SETS))


def test_counts_on_posts_cover_all_acts(study: SyntheticStudy) -> None:
    events = study.truth.events
    for kind, column in (("reshare", "shares"), ("reaction", "reactions")):
        truly = Counter(events.filter(pc.equal(events["kind"], kind))["post_id"].to_pylist())
        own = set(study.truth.labels.filter(pc.is_null(study.truth.labels["copy_of"]))["post_id"].to_pylist())
        shown = dict(zip(study.posts["post_id"].to_pylist(), study.posts[column].to_pylist(), strict=True))
        assert sum(truly.values()) == sum(shown[post] or 0 for post in own)
        assert all(shown[post] == count for post, count in truly.items())


def test_what_was_observed_is_part_of_what_happened(study: SyntheticStudy) -> None:
    acts = study.interactions.filter(pc.not_equal(study.interactions["kind"], "mention"))
    happened = study.truth.events
    assert acts.num_rows == pc.sum(happened["observed"]).as_py() < happened.num_rows
    key = ["source", "target", "kind", "at"]
    observed = happened.filter(happened["observed"]).select(key)
    assert Counter(map(tuple, (row.values() for row in acts.select(key).to_pylist()))) == Counter(
        map(tuple, (row.values() for row in observed.to_pylist()))
    )


def test_a_cascade_goes_from_one_who_reshared_to_the_next(study: SyntheticStudy) -> None:
    reshares = [row for row in study.truth.events.to_pylist() if row["kind"] == "reshare"]
    found = {(row["post_id"], row["source"]): row for row in reshares}
    assert len(found) == len(reshares), "nobody reshares a post twice"
    deep = [row for row in reshares if row["depth"] > 1]
    assert deep
    for row in deep:
        before = found[row["post_id"], row["shown_by"]]
        assert before["depth"] == row["depth"] - 1
        assert before["at"] < row["at"]


def test_the_number_of_acts_is_near_what_was_asked_for(studies: dict[str, SyntheticStudy]) -> None:
    study = studies["small"]
    group = set(study.truth.coordinated["actor_id"].to_pylist()) | set(study.truth.actors)
    direct = [row for row in study.truth.events.to_pylist() if row["depth"] == 1 and row["source"] not in group]
    named = [row for row in direct if row["target"] in study.truth.actors]
    for platform in ("telegram", "x"):
        wanted = getattr(study.parameters, f"{platform}_interactions")
        acts = sum(row["target"].startswith(f"{platform}:") for row in named)
        # The chance to act is capped and what comes after the window is cut off: rather too few.
        assert 0.8 * wanted < acts < 1.1 * wanted


# -- the tables of the contract ----------------------------------------------------------------------------------------


def test_tables_are_of_the_contract(study: SyntheticStudy) -> None:
    for name, table in study.tables.items():
        assert table.schema == SCHEMAS[name]
        table.validate(full=True)
        for column in SCHEMAS[name]:
            assert column.nullable or table[column.name].null_count == 0
    assert len(set(study.posts["post_id"].to_pylist())) == study.posts.num_rows
    assert len(set(study.actors["actor_id"].to_pylist())) == study.actors.num_rows


def test_references_lead_somewhere(study: SyntheticStudy) -> None:
    posts, actors = (
        set(table[f"{name}_id"].to_pylist()) for name, table in (("post", study.posts), ("actor", study.actors))
    )
    for table, column, known in (
        (study.posts, "actor_id", actors),
        (study.posts, "reshared_actor", actors),
        (study.posts, "reply_to", posts),
        (study.posts, "reshared_post", posts),
        (study.interactions, "source", actors),
        (study.interactions, "target", actors),
        (study.interactions, "post_id", posts),
        (study.interactions, "target_post", posts),
        (study.objects, "post_id", posts),
        (study.overlaps, "actor_a", actors),
        (study.audiences, "actor_id", actors),
    ):
        assert set(table[column].drop_null().to_pylist()) <= known


def test_times_lie_in_the_window_and_follow_the_day(study: SyntheticStudy) -> None:
    at = study.posts["created_at"].to_pylist()
    begin = datetime.combine(study.parameters.start, datetime.min.time(), UTC)
    assert begin <= min(at)
    assert max(at) <= begin + timedelta(days=study.parameters.days)
    hours = Counter((time + timedelta(hours=5)).hour for time in at)
    assert sum(hours[hour] for hour in (2, 3, 4)) < sum(hours[hour] for hour in (19, 20, 21)) / 4


def test_the_survey_errs_as_a_sample_does(study: SyntheticStudy) -> None:
    truly = {(row["actor_a"], row["actor_b"]): row["share_a_in_b"] for row in study.truth.overlaps.to_pylist()}
    rows = study.overlaps.to_pylist()
    assert rows
    errors = []
    for row in rows:
        share = truly[row["actor_a"], row["actor_b"]]
        assert 0 < row["n"] <= study.parameters.survey
        if row["n"] >= 20 and 0.05 < share < 0.95:
            errors.append((row["share_a_in_b"] - share) / np.sqrt(share * (1 - share) / row["n"]))
    assert 0.5 < float(np.std(errors)) < 1.6
    assert max(map(abs, errors)) < 4.5


def test_published_figures_are_near_the_truth(study: SyntheticStudy) -> None:
    potential = reach(study, "potential")
    for row in study.audiences.to_pylist():
        if row["measure"] in ("readers", "weekly_reach"):
            assert row["value"] == pytest.approx(potential[row["actor_id"]], rel=0.15, abs=60)
        elif row["measure"] == "rating":
            assert 0 < row["value"] < 100 * potential[row["actor_id"]] / study.parameters.people
        else:
            assert 0 < row["value"] < potential[row["actor_id"]]


# -- what is planted is where the truth says ---------------------------------------------------------------------------


def test_the_coordinated_group_acts_within_its_window(study: SyntheticStudy) -> None:
    events = defaultdict(list)
    for row in study.truth.coordinated.to_pylist():
        events[row["event"]].append(row)
    parameters = study.parameters
    assert len(events) == parameters.coordinated_reshares + parameters.coordinated_copies
    posts = {row["post_id"]: row for row in study.posts.to_pylist()}
    for acts in events.values():
        times = [act["at"] for act in acts]
        assert max(times) - min(times) < timedelta(seconds=parameters.coordinated_window)
        assert len({act["actor_id"] for act in acts}) == len(acts) >= 2
        assert len({act["object"] for act in acts}) == 1
        assert all(posts[act["post_id"]]["actor_id"] == act["actor_id"] for act in acts)
        texts = {posts[act["post_id"]]["text"] for act in acts}
        assert len(texts) == 1


def test_nobody_else_shares_the_same_things_as_often_and_as_fast(study: SyntheticStudy) -> None:
    group = set(study.truth.coordinated["actor_id"].to_pylist())
    shared = defaultdict(list)
    for row in study.objects.to_pylist():
        shared[row["kind"], row["object"]].append((row["at"], row["actor_id"]))
    pairs: Counter[frozenset[str]] = Counter()
    window = timedelta(seconds=study.parameters.coordinated_window)
    for acts in shared.values():
        for (first, a), (second, b) in itertools.combinations(sorted(acts), 2):
            if a != b and second - first < window:
                pairs[frozenset((a, b))] += 1
    planted = {pair: count for pair, count in pairs.items() if pair <= group}
    others = [count for pair, count in pairs.items() if not pair <= group]
    assert len(planted) == len(group) * (len(group) - 1) // 2
    assert max(others, default=0) < 4 <= min(planted.values())


def test_manipulative_actors_make_the_stated_share_of_calls(study: SyntheticStudy) -> None:
    own = study.truth.labels.filter(pc.is_null(study.truth.labels["copy_of"]))
    labels = defaultdict(list)
    for actor, label in zip(own["actor_id"].to_pylist(), own["label"].to_pylist(), strict=True):
        labels[actor].append(label)
    planted = {row["actor_id"]: row for row in study.truth.manipulative.to_pylist()}
    assert planted
    for actor, row in planted.items():
        assert row["posts"] == len(labels[actor])
        assert row["manipulative_calls"] == labels[actor].count("manipulative")
        assert row["share"] == pytest.approx(row["manipulative_calls"] / row["posts"], abs=1e-6)
        assert row["share"] >= 0.4
    for actor in set(study.truth.actors) - set(planted):
        assert labels[actor].count("manipulative") < 0.3 * max(len(labels[actor]), 4)


def test_syndicated_posts_are_minutes_apart(study: SyntheticStudy) -> None:
    posts = {row["post_id"]: row for row in study.posts.to_pylist()}
    text_of = dict(
        zip(study.truth.labels["post_id"].to_pylist(), study.truth.labels["text_id"].to_pylist(), strict=True)
    )
    media = set(study.truth.groups["media"])
    assert len(study.truth.syndicated) == study.parameters.syndicated
    for first, second in study.truth.syndicated:
        assert text_of[first] == text_of[second]
        assert {posts[first]["actor_id"], posts[second]["actor_id"]} <= media
        gap = posts[second]["created_at"] - posts[first]["created_at"]
        assert timedelta(0) <= gap < timedelta(minutes=20)


# -- exports -----------------------------------------------------------------------------------------------------------


def test_exports_hold_the_rows_of_the_tables(study: SyntheticStudy, tmp_path: Path) -> None:
    written = write_exports(study, tmp_path)
    posts = {row["post_id"]: row for row in study.posts.to_pylist()}
    telegram, x = messages(tmp_path), tweets(tmp_path)
    assert telegram.keys() | x.keys() == posts.keys()
    assert written["telegram/result.json"] == len(telegram)
    assert written["x/tweets.jsonl"] == len(x)
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


def test_pages_bring_the_users_and_posts_that_they_refer_to(studies: dict[str, SyntheticStudy], tmp_path: Path) -> None:
    write_exports(studies["demo"], tmp_path)
    for line in (tmp_path / "x" / "tweets.jsonl").read_text(encoding="utf-8").splitlines():
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


def test_truth_file_says_what_the_truth_is(study: SyntheticStudy, tmp_path: Path) -> None:
    write_exports(study, tmp_path)
    file = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert file["rows"] == {name: table.num_rows for name, table in study.tables.items()}
    assert len(file["posts"]) == study.posts.num_rows
    for entry in file["actors"]:
        for kind in SETS:
            assert entry.get(kind) == reach(study, kind).get(entry["actor_id"])
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
    assert Counter(members["actor_id"].to_pylist()) == reach(study, "potential")
    graph = pq.read_table(tmp_path / "truth" / "cascade_graph.parquet")
    assert 0 <= pc.min(graph["probability"]).as_py() <= pc.max(graph["probability"]).as_py() < 1
    assert read_settings(tmp_path).roster == "roster.csv"


# -- the demo ----------------------------------------------------------------------------------------------------------


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
    potential = reach(study, "potential")
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


# -- sizes and mistakes ------------------------------------------------------------------------------------------------


def test_a_larger_study_is_larger_in_every_way() -> None:
    larger = synthesise(
        preset(
            "small", people=120_000, leaders=40, outlets=12, posts=3_000, ordinary_posts=2_000,
            telegram_interactions=40_000, x_interactions=80_000, coordinated_accounts=15, survey=2_000,
        )
    )  # fmt: skip
    assert larger.posts.num_rows > 30_000
    assert larger.truth.events.num_rows > 100_000
    assert len(set(larger.truth.coordinated["actor_id"].to_pylist())) == 15
    assert larger.truth.union("potential", list(larger.truth.actors)) <= 120_000
    assert isinstance(larger.posts["text"], pa.ChunkedArray)


@given(st.text())
def test_parts_of_a_text_are_the_text(text: str) -> None:
    parts = parts_of(text)
    assert "".join(part.text for part in parts) == text
    assert all(text[part.start : part.end] == part.text for part in parts)


def test_parts_of_a_text_are_marked() -> None:
    parts = parts_of("Көмек: t.me/example_su, @moldir_soz #тасқын, +7 700 000 12 34.")
    marked = {part.kind: part.text for part in parts if part.kind != "plain"}
    assert marked == {
        "link": "t.me/example_su", "mention": "@moldir_soz", "hashtag": "#тасқын", "phone": "+7 700 000 12 34",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"people": 0}, "people must be 1 or more, got 0"),
        ({"reproduction": 1.5}, "or cascades never end, got 1.5"),
        ({"x_mix": (0.5, 0.5, 0.5, 0.5)}, "x_mix must sum to 1"),
        ({"survey": 50_000}, "a survey of 50000 people"),
        ({"leaders": 0}, "a study needs a leader"),
        ({"manipulative_leaders": 0}, "a coordinated group needs manipulative calls"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        synthesise(preset("small", **changes))


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no preset 'huge'; the presets are demo, small, large"):
        preset("huge")


def test_the_command_writes_what_was_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    small = ["--people", "4000", "--posts", "200", "--seed", "5", "--set", "x_interactions=600", "--set", "survey=300"]
    assert main(["--preset", "small", "--out", str(tmp_path / "a"), *small]) == 0
    assert main(["--preset", "small", "--out", str(tmp_path / "b"), "--as", "csv", *small]) == 0
    assert "result.json" in capsys.readouterr().out
    assert json.loads((tmp_path / "a" / "truth.json").read_text(encoding="utf-8"))["parameters"]["seed"] == 5
    assert (tmp_path / "b" / "posts.csv").exists()
    assert (tmp_path / "b" / "truth" / "reach.parquet").exists()


@pytest.mark.parametrize("wrong", [["--set", "people"], ["--set", "nobody=3"], ["--texts", "nowhere"]])
def test_the_command_refuses_nonsense(wrong: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["--out", str(tmp_path), *wrong])
    assert stopped.value.code == 2
