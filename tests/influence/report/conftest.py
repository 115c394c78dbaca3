"""A study with every kind of result in it, made of rows, so that the report is tested without running the steps."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from influence.pipeline import parameters
from influence.records import ImportRecord
from influence.report.catalogue import load_catalogue
from influence.report.write import build
from influence.study import Study
from influence.tables import SCHEMAS, conform

Rows = Sequence[Mapping[str, object]]

MADE = dt.datetime(2026, 5, 4, 9, 30, tzinfo=dt.UTC)

LEADERS = {
    "telegram:1001": ("Айгерім Сәтбаева", 48_200, 21_400.0),
    "telegram:1002": ("Город и мы", 31_000, 9_600.0),
    "telegram:1003": ("Көше кеңесі", 12_500, 7_100.0),
    "x:77": ("Timur walks the city", 8_900, None),
    "telegram:1005": ("Аула", 2_100, 610.0),
}
MEDIA = {
    "telegram:2001": ("Қала таңы", 9_800, 2_150.0),
    "telegram:2002": ("Вечерний город", 15_300, 3_900.0),
    "roster:city tv": ("City TV", 96_000, 41_000.0),
    "roster:old paper": ("Газета «Трибуна»", 14_000, None),
}
OTHERS = {"telegram:3001": ("Партия «Бірлік жолы»", "party"), "telegram:4001": ("Таза өзен", "ngo")}

REACH_SCHEMA = pa.schema(
    [
        ("actor_id", pa.string()),
        ("kind_of_reach", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("estimator", pa.string()),
        ("n_observed", pa.int64()),
        ("reason_missing", pa.string()),
        ("basis", pa.string()),
    ]
)
COMPARISON_SCHEMA = pa.schema(
    [
        ("measure", pa.string()),
        ("kind_of_reach", pa.string()),
        ("a", pa.string()),
        ("b", pa.string()),
        ("value", pa.float64()),
        ("low", pa.float64()),
        ("high", pa.float64()),
        ("estimator", pa.string()),
        ("n_a", pa.int64()),
        ("n_b", pa.int64()),
        ("left_out", pa.int64()),
        ("basis", pa.string()),
        ("reason_missing", pa.string()),
    ]
)
LEADERS_SCHEMA = pa.schema(
    [
        ("actor_id", pa.string()),
        ("metric", pa.string()),
        ("score", pa.float64()),
        ("rank", pa.int64()),
        ("rank_low", pa.int64()),
        ("rank_high", pa.int64()),
        ("p_top_k", pa.float64()),
        ("replicates", pa.int64()),
    ]
)
SPAN = pa.struct([("technique", pa.string()), ("start", pa.int32()), ("end", pa.int32()), ("quote", pa.string())])
LABELS_SCHEMA = pa.schema(
    [
        ("post_id", pa.string()),
        ("lang", pa.string()),
        ("label", pa.string()),
        ("call", pa.string()),
        ("call_types", pa.list_(pa.string())),
        ("p_call", pa.float64()),
        ("techniques", pa.list_(pa.string())),
        ("p_manipulative", pa.float64()),
        ("spans", pa.list_(SPAN)),
        ("model", pa.string()),
    ]
)

TEXTS = {
    "positive": (
        (
            "kk",
            "Сенбі күні сағат 10-да өзен жағасын тазалаймыз. Қолғап пен қап береміз, келе алмасаңыз ештеңе етпейді.",
            ["attend"],
        ),
        (
            "ru",
            "В воскресенье в 11:00 встреча жителей во дворе школы № 14: обсудим маршрут автобуса. Повестка закреплена.",
            ["attend"],
        ),
        (
            "en",
            "The petition on the river embankment is open until Friday. Read it first, then sign it if you agree.",
            ["vote_sign"],
        ),
    ),
    "manipulative": (
        ("ru", "СРОЧНО! Завтра вырубят весь парк, власти молчат! Перешлите всем, пока пост не удалили!!!", ["amplify"]),
        (
            "kk",
            "Бүкіл қала көтерілді, үйде отырған адам баласының болашағын сатады! Бәріңіз алаңға шығыңыздар!",
            ["attend"],
        ),
    ),
    "undetermined": (("ru", "Кому не всё равно — тот знает, где нас найти в субботу.", ["attend"]),),
    "none": (
        ("kk", "Бүгін таңертең көпірде кептеліс болды, қазір жол ашық.", []),
        ("ru", "Мэрия опубликовала бюджет района на следующий год.", []),
        ("en", "Photos from yesterday's concert on the square.", []),
    ),
}
QUOTES = {
    "Перешлите всем, пока пост не удалили": "appeal_to_fear",
    "Бүкіл қала көтерілді": "bandwagon",
    "баласының болашағын сатады": "loaded_language",
}


def spans(text: str) -> list[dict[str, object]]:
    """Evidence spans of the known quotes that stand in a text."""
    return [
        {"technique": name, "start": text.index(quote), "end": text.index(quote) + len(quote), "quote": quote}
        for quote, name in QUOTES.items()
        if quote in text
    ]


def reach_rows() -> list[dict[str, Any]]:
    """Reach of all actors: followers exact, views with an interval, engaged accounts by Chao, some not known."""
    rows: list[dict[str, Any]] = []
    for actor, (_, followers, views) in {**LEADERS, **MEDIA}.items():
        paper = actor.startswith("roster:")
        potential = {
            "value": followers,
            "low": followers,
            "high": followers,
            "estimator": "follower_count",
            "n_observed": 1,
        }
        if paper:
            potential |= {
                "low": followers * 0.8,
                "high": followers * 1.3,
                "estimator": "circulation times readers per copy",
            }
        rows.append({"actor_id": actor, "kind_of_reach": "potential", **potential})
        if views is None:
            rows.append(
                {
                    "actor_id": actor,
                    "kind_of_reach": "exposed",
                    "n_observed": 0,
                    "reason_missing": "no post has a view count",
                }
            )
        else:
            shown = {
                "value": views,
                "low": views * 0.82,
                "high": views * 1.21,
                "estimator": "median_post_views",
                "n_observed": 34,
            }
            rows.append({"actor_id": actor, "kind_of_reach": "exposed", **shown, "basis": "post"})
        if paper:
            rows.append(
                {
                    "actor_id": actor,
                    "kind_of_reach": "engaged",
                    "n_observed": 0,
                    "reason_missing": "no interactions on posts",
                }
            )
        else:
            size = (views or 800.0) / 40
            seen = {
                "value": size * 1.7,
                "low": size,
                "high": size * 3.2,
                "estimator": "chao1987",
                "n_observed": int(size),
            }
            rows.append({"actor_id": actor, "kind_of_reach": "engaged", **seen, "basis": "window"})
    return rows


def comparison_rows() -> list[dict[str, Any]]:
    """Ratios of the groups and of pairs, differences and unions."""
    groups = {
        "potential": ((0.86, 0.21, 3.4), (0.76, 0.42, 1.35)),
        "exposed": ((3.27, 1.12, 9.6), (0.83, 0.4, 1.9)),
        "engaged": ((12.4, 10.3, 15.1), None),
    }
    rows: list[dict[str, Any]] = []
    size = {"n_a": 4, "n_b": 3, "left_out": 2}
    for kind, (typical, together) in groups.items():
        names = {"measure": "ratio", "kind_of_reach": kind, **size}
        spread = dict(zip(("value", "low", "high"), typical, strict=True))
        median = "median of members (t on logs)"
        rows.append({**names, "a": "leader", "b": "media", **spread, "estimator": median})
        if together is None:
            rows.append(
                {**names, "a": "all_leaders", "b": "all_media", "reason_missing": "media: no interactions on posts"}
            )
        else:
            spread = dict(zip(("value", "low", "high"), together, strict=True))
            union = "union: Sainsbury (independent audiences) against union: Sainsbury (independent audiences)"
            rows.append({**names, "a": "all_leaders", "b": "all_media", **spread, "estimator": union})
        common = {"kind_of_reach": kind, **size, "estimator": "union: Sainsbury (independent audiences)"}
        rows.append(
            {
                **common,
                "measure": "difference",
                "a": "leader",
                "b": "media",
                "value": 5100.0,
                "low": -900.0,
                "high": 14800.0,
            }
        )
        for a, b, value in (
            ("all_leaders", "", 61000.0),
            ("all_media", "", 78500.0),
            ("all_leaders", "all_media", 121000.0),
        ):
            rows.append(
                {**common, "measure": "union", "a": a, "b": b, "value": value, "low": value * 0.6, "high": value * 1.3}
            )
    for a, (_, _, views) in LEADERS.items():
        for b, (_, _, other) in MEDIA.items():
            row: dict[str, Any] = {
                "measure": "ratio",
                "kind_of_reach": "exposed",
                "a": a,
                "b": b,
                "n_a": 1,
                "n_b": 1,
                "left_out": 0,
            }
            if views and other:
                value = views / other
                row |= {
                    "value": value,
                    "low": value * 0.8,
                    "high": value * 1.3,
                    "estimator": "median_post_views against median_post_views",
                }
            else:
                row |= {"reason_missing": "no post has a view count"}
            rows.append(row)
    return rows


def leader_rows() -> list[dict[str, Any]]:
    """Ranking by two metrics; one account is not on the roster."""
    order = ["telegram:1001", "telegram:1003", "telegram:9999", "telegram:1002", "x:77", "telegram:2001"]
    rows = []
    for metric, scale in (("resharers", 40.0), ("pagerank", 0.031)):
        for rank, actor in enumerate(order, start=1):
            spread = {
                "rank_low": max(1, rank - 1),
                "rank_high": rank + 2,
                "p_top_k": 0.995 if rank == 1 else 0.8 / rank,
            }
            rows.append(
                {"actor_id": actor, "metric": metric, "score": scale / rank, "rank": rank, **spread, "replicates": 200}
            )
    return rows


def actor_rows() -> list[dict[str, object]]:
    """The actors of the study, leaders and outlets named by a roster."""
    rows: list[dict[str, object]] = []
    for kind, of in (("leader", LEADERS), ("media", MEDIA)):
        for actor, (name, followers, _) in of.items():
            rows.append(
                {
                    "actor_id": actor,
                    "platform": actor.partition(":")[0],
                    "name": name,
                    "kind": kind,
                    "followers": followers,
                }
            )
    for actor, (name, kind) in OTHERS.items():
        rows.append({"actor_id": actor, "platform": "telegram", "name": name, "kind": kind})
    rows.append({"actor_id": "telegram:9999", "platform": "telegram", "handle": "tynysh_qala"})
    return rows


def post_rows(seed: int = 7) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Posts of the study and their labels."""
    chance = random.Random(seed)
    posts: list[dict[str, object]] = []
    labels: list[dict[str, object]] = []
    writers = [*(actor for actor in [*LEADERS, *MEDIA] if not actor.startswith("roster:")), *OTHERS, "telegram:9999"]
    for number in range(420):
        label = chance.choices(("none", "positive", "manipulative", "undetermined"), (80, 12, 5, 3))[0]
        lang, text, types = chance.choice(TEXTS[label])
        actor = "telegram:9999" if label == "manipulative" and chance.random() < 0.7 else chance.choice(writers)
        at = dt.datetime(2026, 3, 1, 8, tzinfo=dt.UTC) + dt.timedelta(hours=2.5 * number)
        views = None if actor.startswith("x:") else int(chance.lognormvariate(8, 0.8))
        post = {
            "post_id": f"{actor}/{number}",
            "actor_id": actor,
            "platform": actor.partition(":")[0],
            "created_at": at,
        }
        posts.append({**post, "text": text, "views": views, "url": f"https://t.me/s/{number}"})
        p = {"none": 0.06, "positive": 0.93, "manipulative": 0.95, "undetermined": 0.55}[label]
        marks = spans(text) if label == "manipulative" else []
        labels.append(
            {
                "post_id": post["post_id"],
                "lang": lang,
                "label": label,
                "call": "none" if label == "none" else "call",
                "call_types": types,
                "p_call": p,
                "techniques": [str(mark["technique"]) for mark in marks],
                "p_manipulative": 0.91 if label == "manipulative" else 0.12,
                "spans": marks,
                "model": "small-1-ab12cd34",
            }
        )
    return posts, labels


def flag_rows(labels: Sequence[Mapping[str, object]]) -> pa.Table:
    """One account proposed for review, with evidence."""
    from influence.flags import FLAGS_SCHEMA

    evidence = [
        str(row["post_id"]) for row in labels if row["label"] == "manipulative" and "9999" in str(row["post_id"])
    ]
    row = {
        "actor_id": "telegram:9999",
        "score": 812.0,
        "manipulative_calls": len(evidence),
        "posts": 51,
        "rate": 0.31,
        "rate_low": 0.2,
        "rate_high": 0.43,
        "reach": 3120.0,
        "coordinated_with": [],
        "reasons": [f"{len(evidence)} of 51 own posts are manipulative calls: 31% (95% interval 20%–43%)"],
        "evidence": evidence[:10],
        "against": ["labels are a model's and unreviewed", "4 of its 51 posts are open calls"],
        "reach_kind": "exposed",
        "kind": "unknown",
    }
    return pa.Table.from_pylist([row], schema=FLAGS_SCHEMA)


def run_record(day: int = 2) -> dict[str, object]:
    """What a step records of a run, finished on a day of May 2030: after any import of a test."""
    at = f"2030-05-{day:02d}T10:00:00+00:00"
    return {"version": "0.1.0", "engine": "duckdb", "seed": 0, "seconds": 1.5, "started_at": at, "finished_at": at}


def model_folder(folder: Path, *unvalidated: str) -> Path:
    """Make a folder with what the report reads of a model: its card."""
    folder.mkdir()
    settings = {"name": "small-1", "window": 64, "card": {"unvalidated": unvalidated}}
    (folder / "classifier.json").write_text(json.dumps(settings), encoding="utf-8")
    return folder


def fill_study(study: Study) -> Study:
    """Fill a study with the rows above and the result of every step."""
    posts, labels = post_rows()
    interactions = [
        {
            "source": f"telegram:{5000 + n}",
            "target": actor,
            "kind": "reshare",
            "at": dt.datetime(2026, 3, 3, tzinfo=dt.UTC),
        }
        for n, actor in enumerate(LEADERS)
    ]
    audiences = [
        {
            "actor_id": "roster:old paper",
            "medium": "newspaper",
            "measure": "circulation",
            "value": 6100,
            "period": "2026-03",
            "source": "Publisher's imprint, March 2026",
        },
        {
            "actor_id": "roster:city tv",
            "medium": "tv",
            "measure": "weekly_reach",
            "value": 96000,
            "period": "2026-03",
            "source": "City audience survey 2026",
        },
    ]
    fill_rows(study, actors=actor_rows(), posts=posts, interactions=interactions, audiences=audiences)
    results = {
        "reach": ("reach", pa.Table.from_pylist(reach_rows(), schema=REACH_SCHEMA)),
        "compare": ("comparison", pa.Table.from_pylist(comparison_rows(), schema=COMPARISON_SCHEMA)),
        "leaders": ("leaders", pa.Table.from_pylist(leader_rows(), schema=LEADERS_SCHEMA)),
        "classify": ("labels", pa.Table.from_pylist(labels, schema=LABELS_SCHEMA)),
        "flags": ("flags", flag_rows(labels)),
    }
    own = {"classify": {"model": str(model_folder(study.folder / "model"))}}
    for step, (name, table) in results.items():
        params = {**parameters(study, step), **own.get(step, {})}
        study.save_result(step, params, {name: table}, run_record())
    return study


def fill_rows(study: Study, **tables: Rows) -> None:
    """Commit rows to a study as one import; absent columns are null."""
    with study.scratch() as scratch:
        staged = {name: scratch / f"{name}.parquet" for name in tables}
        for name, values in tables.items():
            schema = pa.schema([column.with_nullable(True) for column in SCHEMAS[name]])
            pq.write_table(
                conform(name, pa.Table.from_pylist([dict(row) for row in values], schema=schema)), staged[name]
            )
        parts = {name: len(values) for name, values in tables.items()}
        read = sum(parts.values())
        study.commit(ImportRecord("ab12", "folder/export.json", "rows", "posts", read, read, 0, 0, parts), staged)


@pytest.fixture(scope="session")
def master(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study with the result of every step, which tests copy and never change."""
    return fill_study(Study.create(tmp_path_factory.mktemp("master") / "study", name="Қала & город")).folder


@pytest.fixture
def full_study(master: Path, tmp_path: Path) -> Study:
    """A study with the result of every step."""
    shutil.copytree(master, tmp_path / "study")
    return Study.open(tmp_path / "study")


@pytest.fixture
def study_with(full_study: Study) -> Callable[..., Study]:
    """Make a study with the results of some steps only."""

    def keep(*steps: str) -> Study:
        for folder in (full_study.folder / "results").iterdir():
            if folder.name not in steps:
                shutil.rmtree(folder)
        return full_study

    return keep


@pytest.fixture(scope="session")
def full_report(master: Path) -> tuple[str, dict[str, Any]]:
    """The report of the full study, as HTML and as the JSON document, made on a fixed day."""
    return build(Study.open(master), load_catalogue("en"), made=MADE)


@pytest.fixture(scope="session")
def html(full_report: tuple[str, dict[str, Any]]) -> str:
    """The report of the full study as HTML."""
    return full_report[0]


@pytest.fixture(scope="session")
def figures(full_report: tuple[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The figures of the full study's report by number."""
    found: dict[str, dict[str, Any]] = full_report[1]["figures"]
    return found


@pytest.fixture
def report_of() -> Callable[[Study], tuple[str, dict[str, Any]]]:
    """Make the report of a study on a fixed day: HTML, and the JSON document."""
    return lambda study: build(study, load_catalogue("en"), made=MADE)


@pytest.fixture
def fill_with() -> Callable[..., None]:
    """Commits rows to a study as one import."""
    return fill_rows


@pytest.fixture
def results_folder() -> Callable[[Study, str], Path]:
    """Where the latest result of a step lies."""
    return lambda study, step: study.results(step)[-1].folder


@pytest.fixture
def make_model() -> Callable[..., Path]:
    """Make a folder with the card of a model, and name the languages in which it was not validated."""
    return model_folder


@pytest.fixture
def browse(chromium: str, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a browser without a window with these options."""
    quiet = ("--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-component-update")
    profile = ("--disable-sync", "--allow-file-access-from-files", f"--user-data-dir={tmp_path / 'profile'}")
    command = [chromium, "--headless", "--no-sandbox", *quiet, *profile]
    return lambda *options: subprocess.run(
        [*command, *options], capture_output=True, text=True, timeout=300, check=True
    )
