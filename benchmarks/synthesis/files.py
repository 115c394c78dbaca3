"""A synthetic study as files: exports that a person would have, or tables of the contract, and the truth."""

import csv
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from synthesis.cast import CITY
from synthesis.export_telegram import write_telegram_export
from synthesis.export_x import write_x_export
from synthesis.study import SyntheticStudy
from synthesis.world import World

__all__ = ["write_exports", "write_tables", "write_truth"]

_ROSTER = ("actor_id", "platform", "handle", "url", "name", "person", "kind", "followers", "followers_at")
_LISTED_POSTS = 20_000
"""Studies with more posts keep the labels of posts in Parquet only."""


def write_exports(study: SyntheticStudy, folder: Path) -> dict[str, int]:
    """Write the study as exports and lists, with `truth.json`; return the rows of each file.

    The Telegram and X files are of the platforms' own layouts, so they hold less than the tables: no views, forwards
    or comment counts of Telegram channels, and only the name of the channel that a forward came from.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_settings(study, folder / "study.toml")
    written = {
        "telegram/result.json": write_telegram_export(study.world, folder / "telegram" / "result.json"),
        "x/tweets.jsonl": write_x_export(study.world, folder / "x" / "tweets.jsonl"),
        "actors.csv": _write_csv(folder / "actors.csv", _ROSTER, _roster(study.world)),
    }
    for name in ("audiences", "overlaps", "actions"):
        table = study.tables[name]
        rows = ([_plain(value) for value in row.values()] for row in table.to_pylist())
        written[f"{name}.csv"] = _write_csv(folder / f"{name}.csv", table.column_names, rows)
    _write_truth_json(study, folder / "truth.json")
    return written


def write_tables(study: SyntheticStudy, folder: Path, kind: Literal["parquet", "csv"] = "parquet") -> dict[str, int]:
    """Write the tables of the data contract, roster and settings; return the rows of each table.

    Raises ValueError if the kind of file is neither `parquet` nor `csv`.
    """
    if kind not in ("parquet", "csv"):
        raise ValueError(f"tables are written as parquet or csv, got {kind!r}")
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in study.tables.items():
        if kind == "parquet":
            pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
        else:
            pa.csv.write_csv(table, folder / f"{name}.csv")
    _write_settings(study, folder / "study.toml", roster="roster.csv")
    _write_csv(folder / "roster.csv", _ROSTER, _roster(study.world))
    return {name: table.num_rows for name, table in study.tables.items()}


def write_truth(study: SyntheticStudy, folder: Path) -> None:
    """Write all of the truth as Parquet tables, the sets of people among them."""
    folder.mkdir(parents=True, exist_ok=True)
    truth = study.truth
    tables: dict[str, pa.Table] = {
        name: getattr(truth, name)
        for name in ("reach", "comparison", "events", "labels", "coordinated", "manipulative", "overlaps")
    }
    for kind, sets in truth.sets.items():
        # Coded, since a name stands here once per member.
        owners = pa.DictionaryArray.from_arrays(pa.array(sets.owners, pa.int32()), pa.array(truth.actors))
        tables[f"members_{kind}"] = pa.table({"actor_id": owners, "member": pa.array(sets.members)})
    graph = study.world.graph
    tables["cascade_graph"] = pa.table(
        {
            "source": study.world.names.actor_id(study.world.accounts.x(graph.sources)),
            "target": study.world.names.actor_id(study.world.accounts.x(graph.people[graph.followers])),
            "probability": pa.array(study.world.spread.edge_probability),
        }
    )
    for name, table in tables.items():
        pq.write_table(table, folder / f"{name}.parquet", compression="zstd")
    _write_truth_json(study, folder / "truth.json")


def _write_settings(study: SyntheticStudy, file: Path, *, roster: str = "actors.csv") -> None:
    parameters = study.parameters
    demo = parameters.cast == "demo"
    name = f"{CITY}: a city debate, spring {parameters.start.year} (fictional)" if demo else "Synthetic study"
    lines = (
        f'name = "{name}"',
        f"schema_version = 1\npopulation = {parameters.people}",
        f'languages = ["kk", "ru", "en"]\nroster = "{roster}"',
        f"seed = {parameters.seed}\n",
        f"[window]\nstart = {parameters.start}\nend = {parameters.last_day}\n",
    )
    file.write_text("\n".join(lines), encoding="utf-8", newline="\n")


def _roster(world: World) -> Iterable[list[str]]:
    """Return the rows of the roster: of X the handle is enough, Telegram's exports know channels by id only."""
    for spec, size in zip(world.cast, world.audiences.sizes, strict=True):
        on_telegram = spec.platform == "telegram"
        host = {"telegram": "https://t.me/", "x": "https://x.com/"}.get(spec.platform)
        yield [
            "" if spec.platform == "x" else spec.actor_id, spec.platform, spec.handle or "",
            f"{host}{spec.handle}" if host else "", spec.name, spec.person or "", spec.kind,
            str(size) if on_telegram else "", str(world.parameters.last_day) if on_telegram else "",
        ]  # fmt: skip


def _plain(value: object) -> str:
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) > 1 else str(value)


def _write_csv(file: Path, header: Iterable[str], rows: Iterable[list[str]]) -> int:
    count = 0
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            count += 1
    return count


def _write_truth_json(study: SyntheticStudy, file: Path) -> None:
    """Write the truth with one entry a line, so that a changed study shows as changed lines."""
    with file.open("w", encoding="utf-8", newline="\n") as out:
        out.write("{\n")
        sections = list(_sections(study).items())
        for place, (name, value) in enumerate(sections):
            out.write(f" {json.dumps(name)}: {_lines(value)}{',' if place + 1 < len(sections) else ''}\n")
        out.write("}\n")


def _lines(value: Any) -> str:
    if isinstance(value, list):
        return "[\n" + ",\n".join(f"  {json.dumps(one, ensure_ascii=False)}" for one in value) + "\n ]"
    if isinstance(value, dict):
        entries = (f"  {json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}" for key, one in value.items())
        return "{\n" + ",\n".join(entries) + "\n }"
    return json.dumps(value, ensure_ascii=False)


def _sections(study: SyntheticStudy) -> dict[str, Any]:
    truth, parameters = study.truth, study.parameters
    sections: dict[str, Any] = {
        "schema_version": 1,
        "parameters": {name: _jsonable(getattr(parameters, name)) for name in parameters.__dataclass_fields__},
        "rows": {name: table.num_rows for name, table in study.tables.items()},
        "actors": _actor_rows(study),
        "groups": {name: _group(study, members) for name, members in truth.groups.items()},
        "comparison": truth.comparison.to_pylist(),
        "overlaps": truth.overlaps.to_pylist(),
        "manipulative": truth.manipulative.to_pylist(),
        "coordinated": _coordinated(study),
        "syndicated": [list(pair) for pair in truth.syndicated],
    }
    if study.posts.num_rows <= _LISTED_POSTS:
        labels = truth.labels.select(["post_id", "label", "text_id", "copy_of"]).to_pylist()
        sections["posts"] = [{name: value for name, value in row.items() if value is not None} for row in labels]
    return sections


def _jsonable(value: object) -> object:
    return value if isinstance(value, int | float | str) else list(value) if isinstance(value, tuple) else str(value)


def _actor_rows(study: SyntheticStudy) -> list[dict[str, Any]]:
    """Return one entry per named actor with its reach of every kind; a kind that does not apply is left out."""
    rows = {
        spec.actor_id: {"actor_id": spec.actor_id, "name": spec.name, "kind": spec.kind, "person": spec.person}
        for spec in study.world.cast
    }
    entries: dict[str, dict[str, Any]] = {name: dict(row) for name, row in rows.items()}
    for row in study.truth.reach.to_pylist():
        entries[row["actor_id"]]["posts"] = row["n"]
        if row["value"] is not None:
            entries[row["actor_id"]][row["kind_of_reach"]] = _short(row["value"])
    return list(entries.values())


def _short(value: float) -> float | int:
    return int(value) if float(value).is_integer() else value


def _group(study: SyntheticStudy, members: list[str]) -> dict[str, Any]:
    """Return what the actors of a group reach together, and the sum that counts people more than once."""
    truth = study.truth
    group: dict[str, Any] = {"actors": members}
    for kind, sets in truth.sets.items():
        sizes = [int(sets.sizes[truth.actors.index(name)]) for name in members]
        group[kind] = {"union": truth.union(kind, members), "sum": sum(sizes), "max": max(sizes)}
    return group


def _coordinated(study: SyntheticStudy) -> dict[str, Any]:
    acts = study.truth.coordinated.to_pylist()
    events: dict[int, dict[str, Any]] = {}
    for act in acts:
        event = {"event": act["event"], "kind": act["kind"], "object": act["object"], "posts": []}
        events.setdefault(act["event"], event)["posts"].append(act["post_id"])
    return {
        "window_seconds": study.parameters.coordinated_window,
        "accounts": sorted({act["actor_id"] for act in acts}),
        "events": list(events.values()),
    }
