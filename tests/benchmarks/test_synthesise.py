"""Synthetic studies: the same parameters give the same study, the truth is consistent, and what is planted is there."""

import itertools
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.tables import SCHEMAS
from synthesis.text_parts import parts_of
from synthesise import SyntheticStudy, main, preset, synthesise

STUDIES = ("demo", "small")
SETS = ("potential", "exposed_own", "exposed", "engaged")


def test_another_seed_gives_another_study(studies: dict[str, SyntheticStudy]) -> None:
    other = synthesise(preset("small", seed=2))
    assert other.posts != studies["small"].posts
    assert other.truth.reach != studies["small"].truth.reach


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
    engaged, visible, observed = (study.truth.values(f"engaged{part}") for part in ("", "_visible", "_observed"))
    assert all(observed[actor] <= visible[actor] <= engaged[actor] for actor in engaged)
    assert sum(observed.values()) < sum(visible.values()) < sum(engaged.values())


def test_reach_says_how_large_the_sets_are(study: SyntheticStudy) -> None:
    followers = {row["actor_id"]: row["followers"] for row in study.actors.to_pylist()}
    for kind in SETS:
        for actor, value in study.truth.values(kind).items():
            assert value == len(study.truth.sets[kind][study.truth.actors.index(actor)])
            if kind == "potential":
                assert followers[actor] in (None, value)


def test_follower_lists_are_the_potential_reach(studies: dict[str, SyntheticStudy]) -> None:
    study = studies["small"]
    follows = study.follows()
    assert follows.schema == SCHEMAS["interactions"]
    counted = Counter(follows["target"].to_pylist())
    potential = study.truth.values("potential")
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
        known = {"union": float(both), "difference": first - second, "incremental": both - second}
        known["ratio"] = first / second if second else float("nan")
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
    potential = study.truth.values("potential")
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
        ({"x_interactions": 10**7}, "x_interactions=10000000 is more than these audiences give"),
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
    small = [
        "--people",
        "4000",
        "--posts",
        "200",
        "--seed",
        "5",
        "--set",
        "x_interactions=200",
        "--set",
        "telegram_interactions=500",
        "--set",
        "survey=300",
    ]
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
