"""The steps from tables to results, and their order. A step runs only when something it stands on has changed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from influence import __version__
from influence.errors import InputError, StudyError
from influence.files import content_hash
from influence.progress import Progress, silent
from influence.settings import Settings, Window

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from influence.records import Result
    from influence.study import Study

__all__ = ["RESULT_TABLES", "STEPS", "Step", "is_fresh", "parameters", "run_all", "run_step", "windowed"]

Params = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One step: the tables it reads, the steps whose results it reads, its parameters' defaults, what it computes.

    `defaults` may look at study.toml; parameters that a step shares with one it stands on are handed down.
    """

    name: str
    tables: tuple[str, ...]
    after: tuple[str, ...]
    defaults: Callable[[Settings], Params]
    compute: Callable[[Study, Params, Progress], Mapping[str, pa.Table | ir.Table]]


def windowed(table: ir.Table, window: str | None, *, column: str) -> ir.Table:
    """Return the rows whose time is in the window (`A..B`, days included, UTC).

    Rows without a time are in no window, and in "all times".
    """
    import ibis

    if not window or window == "all times":
        return table
    span = Window.parse(window)
    if span.start:
        table = table.filter(table[column] >= ibis.timestamp(f"{span.start}T00:00:00+00:00", timezone="UTC"))
    if span.end:
        after = span.end + dt.timedelta(days=1)
        table = table.filter(table[column] < ibis.timestamp(f"{after}T00:00:00+00:00", timezone="UTC"))
    return table


def _inputs(study: Study, params: Params) -> dict[str, ir.Table]:
    window = params["window"]
    return {
        "actors": study.table("actors"),
        "posts": windowed(study.table("posts"), window, column="created_at"),
        "interactions": windowed(study.table("interactions"), window, column="at"),
    }


def _reach(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from graphs import estimate_reach

    progress("reach of every actor", 0, None)
    reach = estimate_reach(
        **_inputs(study, params),
        audiences=study.table("audiences"),
        overlaps=study.table("overlaps"),
        **{name: params[name] for name in ("population", "readers_per_copy", "confidence", "replicates", "seed")},
    )
    return {"reach": reach}


def _compare(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from graphs import compare_groups, compare_groups_by_platform

    progress("leaders against media", 0, None)
    inputs = {
        **_inputs(study, params),
        "reach": result_of(study, "reach", params).arrow("reach"),
        "audiences": study.table("audiences"),
        "kinds": tuple(params["kinds"]),
        "population": params["population"],
        "confidence": params["confidence"],
    }
    comparison = compare_groups(
        **inputs,
        overlaps=study.table("overlaps"),
        objects=windowed(study.table("objects"), params["window"], column="at"),
        replicates=params["replicates"],
        seed=params["seed"],
    )
    return {"comparison": comparison, "comparison_by_platform": compare_groups_by_platform(**inputs)}


def _leaders(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from graphs import rank_leaders

    progress("ranking of leaders", 0, None)
    inputs = _inputs(study, params)
    ranking = rank_leaders(
        interactions=inputs["interactions"],
        actors=inputs["actors"],
        **{name: params[name] for name in ("top_k", "replicates", "seed")},
    )
    return {"leaders": ranking}


def _classify(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from classifiers import load
    from influence.labelling import label_posts

    progress("loading the model", 0, None)
    classifier = load(params["model"])
    key = content_hash([_model_state(params["model"]), params["max_fpr"]])
    return {"labels": label_posts(study, classifier, key=key, max_fpr=params["max_fpr"], progress=progress)}


def _flags(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from influence.flags import propose_flags

    progress("accounts to review", 0, None)
    inputs = _inputs(study, params)
    labels = result_of(study, "classify", params)
    flags = propose_flags(
        labels=study.engine.connection.read_parquet(str(labels.file("labels"))),
        posts=inputs["posts"],
        actors=inputs["actors"],
        reach=result_of(study, "reach", params).arrow("reach"),
        **{name: params[name] for name in ("min_posts", "min_rate", "confidence")},
    )
    return {"flags": flags}


def _common(settings: Settings) -> Params:
    return {
        "window": str(settings.window),
        "confidence": 0.95,
        "replicates": 1000,
        "seed": settings.seed,
        "population": settings.population,
        "readers_per_copy": settings.audiences.readers_per_copy,
    }


def _flag_defaults(settings: Settings) -> Params:
    return {"window": str(settings.window), **settings.flags.model_dump()}


_EVERYTHING = ("actors", "posts", "interactions", "audiences", "overlaps")

STEPS: MappingProxyType[str, Step] = MappingProxyType(
    {
        step.name: step
        for step in (
            Step("reach", _EVERYTHING, (), _common, _reach),
            Step(
                "compare",
                (*_EVERYTHING, "objects"),
                ("reach",),
                lambda s: {**_common(s), "kinds": ("leader", "media")},
                _compare,
            ),
            Step(
                "leaders",
                ("actors", "posts", "interactions"),
                (),
                lambda s: {"window": str(s.window), "top_k": 10, "replicates": 200, "seed": s.seed},
                _leaders,
            ),
            Step("classify", ("posts",), (), lambda s: {"model": None, "max_fpr": 0.05}, _classify),
            Step("flags", ("actors", "posts"), ("classify", "reach"), _flag_defaults, _flags),
        )
    }
)
"""The steps by name, in the order in which `run` takes them."""

RESULT_TABLES: MappingProxyType[str, str] = MappingProxyType(
    {
        "reach": "reach",
        "comparison": "compare",
        "comparison_by_platform": "compare",
        "leaders": "leaders",
        "labels": "classify",
        "flags": "flags",
    }
)
"""Which step makes which table."""


def parameters(study: Study, name: str, given: Mapping[str, Any] | None = None) -> Params:
    """Return all parameters of a step: those given, else what study.toml says, else the defaults.

    Raises InputError for a step or a parameter that there is none of.
    """
    if name not in STEPS:
        raise InputError(f"there is no step {name!r}; the steps are {', '.join(STEPS)}.")
    defaults = STEPS[name].defaults(study.settings)
    given = {key: value for key, value in (given or {}).items() if value is not None}
    unknown = [key for key in given if key not in defaults]
    if unknown:
        raise InputError(f"step {name} has no parameter {unknown[0]!r}; its parameters are {', '.join(defaults)}.")
    params = {**defaults, **given}
    if params.get("window"):
        params["window"] = str(Window.parse(params["window"])) if params["window"] != "all times" else "all times"
    return params


def _below(study: Study, dependency: str, params: Params) -> Params:
    """Return the parameters under which a step reads the result of a step that it stands on."""
    shared = STEPS[dependency].defaults(study.settings)
    return parameters(study, dependency, {key: value for key, value in params.items() if key in shared})


def result_of(study: Study, dependency: str, params: Params) -> Result:
    """Return the result of `dependency` that a step with these parameters stands on."""
    found = study.result(dependency, _below(study, dependency, params))
    if found is None:  # run_step makes it first; only a folder changed by hand comes here
        raise StudyError(f"the result of {dependency} is missing. Run: influence {dependency}")
    return found


def _state(study: Study, name: str, params: Params) -> str:
    """Return a hash of everything that a result stands on besides its parameters."""
    step = STEPS[name]
    below = {other: _state(study, other, _below(study, other, params)) for other in step.after}
    model = _model_state(params["model"]) if name == "classify" else None
    return content_hash([__version__, study.state_of(step.tables), below, model])


def _model_state(model: str | None) -> str:
    from pathlib import Path

    from classifiers.loading import SHIPPED
    from classifiers.settings import read_settings

    # The settings hold the hash of the weights, the calibration and the thresholds: all that a label depends on.
    return content_hash(read_settings(SHIPPED if model is None else Path(model)).model_dump(mode="json"))


def is_fresh(study: Study, name: str, params: Mapping[str, Any] | None = None) -> bool:
    """Say whether a step has a result with these parameters from the data as they are now."""
    full = parameters(study, name, params)
    found = study.result(name, full)
    return found is not None and found.run.get("inputs") == _state(study, name, full)


def run_step(
    study: Study,
    name: str,
    params: Mapping[str, Any] | None = None,
    *,
    progress: Progress = silent,
    again: bool = False,
) -> Result:
    """Run a step, and before it the steps it stands on where they are out of date; return its result.

    A result that is up to date is returned as it is, unless `again`.
    Raises InputError for unknown steps or parameters, StudyError if nothing was imported yet.
    """
    full = parameters(study, name, params)
    if not study.imports():
        raise StudyError(f"{study.folder} has no data yet. Import some with: influence import FILE")
    for other in STEPS[name].after:
        run_step(study, other, _below(study, other, full), progress=progress)
    found = study.result(name, full)
    state = _state(study, name, full)
    if found is not None and found.run.get("inputs") == state and not again:
        return found
    return _compute(study, name, full, state, progress)


def _compute(study: Study, name: str, params: Params, state: str, progress: Progress) -> Result:
    started, clock = dt.datetime.now(dt.UTC), time.perf_counter()
    tables = STEPS[name].compute(study, params, progress)
    with study.locked():
        run = {
            "version": __version__,
            "engine": study.engine.name,
            "inputs": state,
            "seed": params.get("seed"),
            "started_at": started.isoformat(),
            "finished_at": dt.datetime.now(dt.UTC).isoformat(),
            "seconds": round(time.perf_counter() - clock, 3),
        }
        return study.save_result(name, params, tables, run)


def run_all(study: Study, *, progress: Progress = silent) -> list[tuple[str, Result, bool]]:
    """Run every step that is out of date; return each step's name, its result, and whether it was computed now."""
    outcomes = []
    for name in STEPS:
        fresh = is_fresh(study, name)
        outcomes.append((name, run_step(study, name, progress=progress), not fresh))
    return outcomes
