"""The steps from tables to results, and their order. A step runs only when something it stands on has changed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from influence import __version__
from influence.errors import InputError, StudyError
from influence.files import content_hash
from influence.flags.partners import coordination_beside
from influence.progress import Progress, silent
from influence.settings import Settings, Window

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from graphs.figures import Figure
    from influence.records import Result
    from influence.study import Study

__all__ = ["RESULT_TABLES", "STEPS", "Step", "command_of", "is_fresh", "parameters", "run_all", "run_step", "windowed"]

Params = dict[str, Any]
GROUPED_KINDS = ("leader", "media", "party", "ngo", "union", "state")
"""Kinds of actors that a comparison puts into groups."""


@dataclass(frozen=True)
class Step:
    """One step: the tables it reads, the steps whose results it reads, its parameters' defaults, what it computes.

    `defaults` may look at study.toml; parameters that a step shares with one it stands on are handed down, but for its
    `own`: those that mean something else there. `also` names the steps that only some parameters need.
    """

    name: str
    tables: tuple[str, ...]
    after: tuple[str, ...]
    defaults: Callable[[Settings], Params]
    compute: Callable[[Study, Params, Progress], Mapping[str, pa.Table | ir.Table]]
    own: tuple[str, ...] = ()
    also: Callable[[Params], tuple[str, ...]] = lambda params: ()

    def stands_on(self, params: Params) -> tuple[str, ...]:
        """Return the steps whose results this one reads with these parameters."""
        return (*self.after, *self.also(params))

    def handed_down(self, params: Params) -> Params:
        """Return the parameters that the steps below may share."""
        return {name: value for name, value in params.items() if name not in self.own}


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
    from graphs import SpreadOptions, estimate_reach

    progress("reach of every actor", 0, None)
    reach = estimate_reach(
        **_inputs(study, params),
        audiences=study.table("audiences"),
        overlaps=study.table("overlaps"),
        **{name: params[name] for name in ("population", "readers_per_copy", "confidence", "replicates", "seed")},
        spread=SpreadOptions(**params["spread"]),
        tell=lambda needs: progress(f"simulated reach: {needs}", 0, None),
        **{name: params[name] for name in ("view_rates", "interval", "ones")},
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
        net_simulated=_net_simulated(inputs, params),
    )
    return {"comparison": comparison, "comparison_by_platform": compare_groups_by_platform(**inputs)}


def _net_simulated(inputs: Mapping[str, Any], params: Params) -> Callable[[Sequence[str]], Figure] | None:
    """Return the net simulated reach of accounts with a simulated figure, from the samples that the seed gives anew."""
    import pyarrow.compute as pc

    from graphs import SpreadOptions, learnt_spread, net_spread

    reach = inputs["reach"]
    rows = reach.filter(pc.and_(pc.equal(reach["kind_of_reach"], "simulated"), reach["value"].is_valid()))
    if not rows.num_rows:
        return None
    roster = inputs["actors"].filter(inputs["actors"].kind.isin(GROUPED_KINDS)).actor_id.to_pyarrow().to_pylist()
    spread, _ = learnt_spread(
        interactions=inputs["interactions"],
        posts=inputs["posts"],
        options=SpreadOptions(**params["spread"]),
        confidence=params["confidence"],
        seed=params["seed"],
    )
    return net_spread(spread, [actor for actor in roster if actor is not None])


def _leaders(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from graphs import compare_rankings, propose_leaders, rank_leaders

    progress("ranking of leaders", 0, None)
    inputs = _inputs(study, params)
    reach = result_of(study, "reach", STEPS["leaders"].handed_down(params)).arrow("reach")
    labels = result_of(study, "classify", params) if "fib_index" in params["metrics"] else None
    ranking = rank_leaders(
        **inputs,
        labels=None if labels is None else study.engine.connection.read_parquet(str(labels.file("labels"))),
        extra={"simulated": _simulated(reach)},
        **{name: params[name] for name in ("metrics", "top_k", "replicates", "seed")},
    )
    proposals = propose_leaders(ranking, inputs["actors"], top_k=params["top_k"])
    return {"leaders": ranking, "leaders_agreement": compare_rankings(ranking), "leader_proposals": proposals}


def _simulated(reach: pa.Table) -> pa.Table:
    """Return `actor_id, value, low, high` of the simulated reach, without rows where nothing was simulated."""
    import pyarrow.compute as pc

    rows = reach.filter(pc.equal(reach["kind_of_reach"], "simulated"))
    return rows.select(["actor_id", "value", "low", "high"])


def _cascades(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from graphs import estimate_cascades

    progress("trees of cascades", 0, None)
    found = estimate_cascades(
        **_inputs(study, params),
        **{name: params[name] for name in ("trees", "min_size", "confidence", "seed")},
    )
    return {"cascades": found.cascades, "cascade_firsts": found.firsts}


def _coordination(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from influence.coordination import coordination_tables

    def within(table: ir.Table) -> ir.Table:
        return windowed(table, params["window"], column="at")

    return coordination_tables(study, params, progress, within=within)


def _classify(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from classifiers import LABEL_SCHEMA, load
    from influence.labelling import label_posts

    progress("loading the model", 0, None)
    classifier = load(params["model"])
    # What the model is, how a text is read, what computes, and the columns: two of either never share a row.
    key = content_hash([_model_state(params["model"]), classifier.basis, params["max_fpr"], str(LABEL_SCHEMA)])
    return {"labels": label_posts(study, classifier, key=key, max_fpr=params["max_fpr"], progress=progress)}


def _flags(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    from influence.flags import propose_flags, read_label_errors, read_partners

    progress("accounts to review", 0, None)
    inputs = _inputs(study, params)
    labels = result_of(study, "classify", params)
    beside = coordination_beside(study, params["window"])
    proposed = propose_flags(
        labels=study.engine.connection.read_parquet(str(labels.file("labels"))),
        posts=inputs["posts"],
        actors=inputs["actors"],
        reach=result_of(study, "reach", params).arrow("reach"),
        errors=read_label_errors(params["model"]),
        partners=lambda actors: read_partners(study, beside, actors, q=params["q"]),
        **{name: params[name] for name in ("min_posts", "min_rate", "confidence", "q", "max_fpr")},
    )
    return {"flags": proposed.flags, "flags_considered": proposed.considered}


def _action(study: Study, params: Params, progress: Progress) -> Mapping[str, pa.Table | ir.Table]:
    progress("activity against action", 0, None)
    labels, inputs = result_of(study, "classify", params), _inputs(study, params)
    with study.scratch() as scratch:
        # A dozen counts are taken from these two; what makes them from the imported files is done once.
        for name in ("posts", "interactions"):
            study.engine.write(inputs[name], scratch / f"{name}.parquet")
            inputs[name] = study.engine.connection.read_parquet(str(scratch / f"{name}.parquet"))
        comparison = _compared(study, params, labels, inputs)
    return {"action": comparison}


def _compared(study: Study, params: Params, labels: Result, inputs: Mapping[str, ir.Table]) -> pa.Table:
    from graphs import compare_action

    comparison: pa.Table = compare_action(
        **inputs,
        labels=study.engine.connection.read_parquet(str(labels.file("labels"))),
        actions=_counted_actions(study, params["window"]) if study.parts("actions") else None,
        reach=result_of(study, "reach", params).arrow("reach"),
        kinds=tuple(params["kinds"]),
        **{name: params[name] for name in ("population", "confidence", "interval", "ones", "replicates", "seed")},
    )
    return comparison


def _counted_actions(study: Study, window: str) -> ir.Table:
    """Return what was counted in the window; what has no date was counted for a call and stays."""
    actions = study.table("actions")
    dated = windowed(actions, window, column="at")
    return dated if dated is actions else dated.union(actions.filter(actions["at"].isnull()))


def _common(settings: Settings) -> Params:
    return {
        "window": str(settings.window),
        "confidence": 0.95,
        "replicates": 1000,
        "seed": settings.seed,
        "population": settings.population,
        "readers_per_copy": {name: given.range for name, given in settings.audiences.readers().items()} or None,
        "spread": settings.spread.model_dump(),
        "view_rates": {name: given.range for name, given in settings.audiences.rates().items()} or None,
        "interval": settings.engaged.interval,
        "ones": settings.engaged.ones,
    }


def _coordination_defaults(settings: Settings) -> Params:
    from influence.coordination import usual_parameters

    return usual_parameters(settings.coordination, window=str(settings.window), seed=settings.seed)


def _flag_defaults(settings: Settings) -> Params:
    return {"window": str(settings.window), "model": None, **settings.flags.model_dump()}


USUAL_METRICS = ("resharers", "pagerank", "betweenness", "core", "h_index", "simulated", "followers", "views")
"""What `leaders` ranks by where the data allow; the FIB-index stands on labels and is made when asked for."""

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
                ("reach",),
                lambda s: {
                    "window": str(s.window),
                    "metrics": USUAL_METRICS,
                    "top_k": 10,
                    "replicates": 200,
                    "seed": s.seed,
                },
                _leaders,
                own=("replicates",),
                also=lambda params: ("classify",) if "fib_index" in params["metrics"] else (),
            ),
            Step(
                "cascades",
                ("actors", "posts", "interactions"),
                (),
                lambda s: {"window": str(s.window), "trees": 100, "min_size": 2, "confidence": 0.95, "seed": s.seed},
                _cascades,
            ),
            Step("coordination", ("actors", "posts", "objects"), (), _coordination_defaults, _coordination),
            Step("classify", ("posts",), (), lambda s: {"model": None, "max_fpr": s.flags.max_fpr}, _classify),
            Step("flags", ("actors", "posts"), ("classify", "reach"), _flag_defaults, _flags),
            Step(
                "action",
                ("actors", "posts", "interactions", "actions"),
                ("classify", "reach"),
                lambda s: {**_common(s), "kinds": ("leader", "media")},
                _action,
            ),
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
        "leaders_agreement": "leaders",
        "leader_proposals": "leaders",
        "cascades": "cascades",
        "cascade_firsts": "cascades",
        "coordination_edges": "coordination",
        "coordination_clusters": "coordination",
        "coordination_evidence": "coordination",
        "coordination_null": "coordination",
        "coordination_grid": "coordination",
        "coordination_looked_at": "coordination",
        "labels": "classify",
        "flags": "flags",
        "flags_considered": "flags",
        "action": "action",
    }
)
"""Which step makes which table."""


def command_of(step: str) -> str:
    """Return the command that makes the result of a step."""
    return "influence compare --by action" if step == "action" else f"influence {step}"


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
        raise StudyError(f"the result of {dependency} is missing. Run: {command_of(dependency)}")
    return found


def _state(study: Study, name: str, params: Params) -> str:
    """Return a hash of everything that a result stands on besides its parameters."""
    step = STEPS[name]
    shared = step.handed_down(params)
    below = {other: _state(study, other, _below(study, other, shared)) for other in step.stands_on(params)}
    model = _model_state(params["model"]) if name == "classify" else None
    beside = coordination_beside(study, params["window"]) if name == "flags" else None
    seen = [] if beside is None else [[str(beside.folder.name), beside.run.get("inputs")]]
    return content_hash([__version__, study.state_of(step.tables), below, model, *seen])


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
    for other in STEPS[name].stands_on(full):
        run_step(study, other, _below(study, other, STEPS[name].handed_down(full)), progress=progress)
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
