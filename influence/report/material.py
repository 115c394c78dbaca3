"""What a report is made from: aggregates of the study's tables, taken in the engine, and the results of its steps."""

from __future__ import annotations

import datetime as dt
import shlex
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from influence.errors import InputError
from influence.report.model_card import ModelCard, read_card

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from influence.records import ImportRecord, Result
    from influence.study import Study

__all__ = ["KINDS_OF_REACH", "STEP_TABLES", "Actor", "Facts", "Material", "gather", "named_sources"]

STEP_TABLES: Mapping[str, str] = {
    "reach": "reach",
    "compare": "comparison",
    "leaders": "leaders",
    "cascades": "cascades",
    "coordination": "coordination_edges",
    "classify": "labels",
    "flags": "flags",
    "action": "action",
}
"""The steps that a report can show, and the result table of each."""

KINDS_OF_REACH = ("potential", "exposed", "engaged", "simulated")

_ALWAYS = ("window", "seed")
"""Parameters that a command names even where study.toml says the same: figures are cited with them."""
_OPTIONS = (
    *_ALWAYS,
    *("confidence", "replicates", "kinds", "metrics", "top_k", "trees", "min_size"),
    *("min_posts", "min_rate", "q", "max_fpr", "model"),
    *("window_s", "min_participation", "objects", "null", "min_weight", "max_q", "burst_cap"),
)
_OPTION_NAMES = {"coordination": {"window": "period", "window_s": "window"}}
"""Options that a command calls otherwise than its step does."""
_AUDIENCE_ROWS = 200
_REJECT_REASONS = 12


@dataclass(frozen=True)
class Actor:
    """Who an id is."""

    actor_id: str
    name: str
    kind: str
    platform: str | None


@dataclass(frozen=True)
class Facts:
    """The data in numbers; `posts` are those in the study's window, `posts_imported` all."""

    posts: int
    posts_imported: int
    undated: int
    authors: int
    first: dt.datetime | None
    last: dt.datetime | None
    platforms: list[tuple[str, int]]
    languages: list[tuple[str, int]]
    views_known: int
    texts_known: int
    actors: int
    kinds: dict[str, int]
    followers_known: int
    interactions: dict[str, int]
    audiences: list[dict[str, Any]]
    audiences_total: int
    overlaps: int
    rejects: list[tuple[str, int]]


@dataclass
class Material:
    """Everything that the sections draw on."""

    study: Study
    facts: Facts
    imports: list[ImportRecord]
    results: dict[str, Result | None]
    card: ModelCard
    _actors: dict[str, Actor] = field(default_factory=dict)

    def rows(self, step: str) -> ir.Table | None:
        """Return the result table of a step as an expression, None if the step was not run."""
        found = self.results[step]
        return None if found is None else self.study.engine.connection.read_parquet(str(found.file(STEP_TABLES[step])))

    def further(self, step: str, name: str) -> list[dict[str, Any]]:
        """Return the rows of another, small table of a step's result; none if an earlier version did not make it."""
        found = self.results[step]
        if found is None or not found.file(name).is_file():
            return []
        return self.fetch(self.study.engine.connection.read_parquet(str(found.file(name))))

    def fetch(self, expression: ir.Table) -> list[dict[str, Any]]:
        """Run an expression over aggregates or chosen rows and return its rows."""
        rows: list[dict[str, Any]] = self.study.engine.fetch(expression).to_pylist()
        return rows

    def params(self, step: str) -> Mapping[str, Any]:
        """Return the parameters under which a step ran."""
        found = self.results[step]
        params: Mapping[str, Any] = {} if found is None else found.run.get("params", {})
        return params

    def command(self, step: str) -> str:
        """Return the command that makes the result that the report shows, to be run in the study's folder."""
        from influence.pipeline import command_of, parameters

        usual, params = parameters(self.study, step), self.params(step)
        words = [command_of(step)]
        for name in _OPTIONS:
            value = params.get(name)
            if value is None or value == "all times":
                continue
            if name in _ALWAYS or _plain(value) != _plain(usual.get(name)):
                # Of a model the folder's name only: a path says where somebody keeps what.
                shown = PurePath(_plain(value)).name if name == "model" else _plain(value)
                option = _OPTION_NAMES.get(step, {}).get(name, name)
                words.append(f"--{option.replace('_', '-')} {shlex.quote(shown)}")
        return " ".join(words)

    def window(self, step: str) -> str | None:
        """Return the window of a result, None if all times count."""
        window = self.params(step).get("window")
        return None if window in (None, "", "all times") else str(window)

    def stale(self, step: str) -> bool:
        """Say whether data came into the study after the result was made."""
        found = self.results[step]
        if found is None:
            return False
        made = _time(found.run.get("started_at"))
        latest = [time for record in self.imports if (time := _time(record.finished_at)) is not None]
        return made is not None and bool(latest) and max(latest) > made

    def know(self, ids: Iterable[str | None]) -> None:
        """Look up who these ids are, in one query."""
        wanted = sorted({actor_id for actor_id in ids if actor_id and actor_id not in self._actors})
        if not wanted:
            return
        actors = self.study.table("actors")
        chosen = actors.filter(actors.actor_id.isin(wanted)).select("actor_id", "name", "handle", "kind", "platform")
        for row in self.fetch(chosen):
            name = row["name"] or (f"@{row['handle']}" if row["handle"] else _bare(row["actor_id"]))
            kind = row["kind"] or "unknown"
            self._actors[row["actor_id"]] = Actor(row["actor_id"], name, kind, row["platform"])
        for actor_id in wanted:
            platform = actor_id.partition(":")[0] if ":" in actor_id else None
            self._actors.setdefault(actor_id, Actor(actor_id, _bare(actor_id), "unknown", platform))

    def actor(self, actor_id: str) -> Actor:
        """Return who an id is; the id is its name where no table knows it."""
        self.know([actor_id])
        return self._actors[actor_id]


def _bare(actor_id: str) -> str:
    """Return the id of an outlet without its prefix, which is what its source calls it; any other id as it is."""
    return actor_id.removeprefix("press:")


def _plain(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _time(text: object) -> dt.datetime | None:
    try:
        time = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=dt.UTC)


def gather(study: Study) -> Material:
    """Collect what the report shows.

    Raises InputError if no step was run, or if the result of one lacks a column.
    """
    results = {step: _chosen(study, step) for step in STEP_TABLES}
    if not any(results.values()):
        raise InputError(f"{study.folder} has no results to report yet. Make them with: influence run")
    for step, found in results.items():
        _check_columns(step, found)
    return Material(study, _facts(study), study.imports(), results, read_card(_model_of(results["classify"])))


def _chosen(study: Study, step: str) -> Result | None:
    """Return the result under the study's own parameters if there is one, else the latest.

    A report speaks of one study: a look at another window by the way must not change what it says.
    """
    from influence.pipeline import parameters

    return study.result(step, parameters(study, step)) or study.result(step)


def _model_of(result: Result | None) -> str | None:
    model = None if result is None else result.run.get("params", {}).get("model")
    return str(model) if model else None


_NEEDED = {
    "reach": ("actor_id", "kind_of_reach", "value", "low", "high", "estimator", "n_observed", "reason_missing"),
    "compare": ("measure", "kind_of_reach", "a", "b", "value", "low", "high", "estimator"),
    "leaders": ("actor_id", "metric", "score", "rank", "rank_low", "rank_high", "p_top_k"),
    "cascades": ("post_id", "actor_id", "size", "virality", "virality_low", "virality_high", "star_virality"),
    "coordination": ("source", "target", "weight", "q_value", "cluster"),
    "classify": ("post_id", "lang", "label", "p_call", "p_manipulative", "spans"),
    "flags": (
        "actor_id",
        "manipulative_calls",
        "posts",
        "rate",
        "rate_low",
        "rate_high",
        "reach",
        "reasons",
        "evidence",
    ),
    "action": ("measure", "a", "kind", "value", "low", "high", "estimator", "n", "reason_missing", "action", "basis"),
}


def _check_columns(step: str, result: Result | None) -> None:
    import pyarrow.parquet as pq

    if result is None:
        return
    file = result.file(STEP_TABLES[step])
    try:
        names = pq.read_schema(file).names
    except (OSError, ValueError) as error:
        raise InputError(
            f"{file} cannot be read ({type(error).__name__}). Make it again with: influence {step}"
        ) from error
    missing = [name for name in _NEEDED[step] if name not in names]
    if missing:
        from influence.pipeline import command_of

        raise InputError(f"{file} has no column {missing[0]!r}. Make it again with: {command_of(step)}")


def _facts(study: Study) -> Facts:
    from influence.pipeline import windowed

    every, audiences = study.table("posts"), study.table("audiences")
    posts = windowed(every, str(study.settings.window), column="created_at")
    groups = _post_groups(study, posts)
    counted = sum(group["posts"] for group in groups)
    kinds = study.table("actors").group_by("kind")
    actors = study.engine.fetch(kinds.agg(n=lambda t: t.count(), followers=lambda t: t.followers.count())).to_pylist()
    shown = audiences.order_by("actor_id", "medium", "measure", "period").limit(_AUDIENCE_ROWS + 1)
    rows = study.engine.fetch(shown).to_pylist()
    return Facts(
        posts=counted,
        posts_imported=counted if posts is every else _count(study, every),
        undated=sum(group["undated"] or 0 for group in groups),
        authors=int(study.engine.fetch(posts.aggregate(n=posts.actor_id.nunique()))["n"][0].as_py()),
        first=min((group["first"] for group in groups if group["first"]), default=None),
        last=max((group["last"] for group in groups if group["last"]), default=None),
        platforms=_most_first((group["platform"], group["posts"]) for group in groups),
        languages=_most_first((group["lang"], group["posts"]) for group in groups if group["lang"]),
        views_known=sum(group["views_known"] for group in groups),
        texts_known=sum(group["texts_known"] for group in groups),
        actors=sum(row["n"] for row in actors),
        kinds={str(row["kind"]): int(row["n"]) for row in actors},
        followers_known=sum(row["followers"] for row in actors),
        interactions=dict(_tally(study, study.table("interactions"), "kind")),
        audiences=rows[:_AUDIENCE_ROWS],
        audiences_total=len(rows) if len(rows) <= _AUDIENCE_ROWS else _count(study, audiences),
        overlaps=_count(study, study.table("overlaps")),
        rejects=_tally(study, study.table("rejects"), "reason")[:_REJECT_REASONS],
    )


def _post_groups(study: Study, posts: ir.Table) -> list[dict[str, Any]]:
    """Return the counts of posts by platform and language."""
    grouped = posts.group_by("platform", "lang").agg(
        posts=posts.count(),
        undated=posts.created_at.isnull().sum(),
        first=posts.created_at.min(),
        last=posts.created_at.max(),
        views_known=posts.views.count(),
        texts_known=posts.text.count(),
    )
    rows: list[dict[str, Any]] = study.engine.fetch(grouped).to_pylist()
    return rows


def _count(study: Study, table: ir.Table) -> int:
    return int(study.engine.fetch(table.aggregate(n=table.count()))["n"][0].as_py())


def _most_first(counts: Iterable[tuple[str, int]]) -> list[tuple[str, int]]:
    total: Counter[str] = Counter()
    for name, count in counts:
        total[str(name)] += count
    return sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))


def _tally(study: Study, table: ir.Table, column: str) -> list[tuple[str, int]]:
    """Return how many rows hold each value of a column, the most frequent first."""
    rows = study.engine.fetch(table.group_by(column).agg(n=table.count())).to_pylist()
    return _most_first((row[column], row["n"]) for row in rows)


def named_sources(records: Sequence[ImportRecord]) -> list[str]:
    """Return a name for the source of each import: that of its file, with the folder's where two files share it.

    Whole paths stay out of a report: they say where somebody keeps what.
    """
    paths = [PurePath(record.source.replace("\\", "/")) for record in records]
    shared = Counter(path.name for path in paths)
    return ["/".join(path.parts[-2:]) if shared[path.name] > 1 else path.name for path in paths]
