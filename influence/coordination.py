"""The step that looks for coordination: settings of study.toml to options of the search, findings to result tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from influence.errors import InputError
from influence.progress import Progress

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from graphs.coordination.find import ClusterOptions
    from graphs.coordination.nulls import NullModel, SignificanceOptions
    from graphs.coordination.options import CoordinationOptions
    from influence.settings import CoordinationSettings
    from influence.study import Study

__all__ = ["NO_NULL", "NULL_NAMES", "TABLES", "coordination_tables", "parse_kinds", "parse_null", "usual_parameters"]

TABLES = (
    "coordination_edges",
    "coordination_clusters",
    "coordination_evidence",
    "coordination_null",
    "coordination_grid",
    "coordination_looked_at",
)
"""Result tables of the step, the first one first."""

NO_NULL = "none"
NULL_NAMES: Mapping[str, str] = {"permutation": "times_within_objects"}
"""Short names of null models."""

_OPTIONS = ("window_s", "min_participation", "min_weight", "edge_weight", "subgraph", "burst_cap")


def usual_parameters(settings: CoordinationSettings, *, window: str, seed: int) -> dict[str, Any]:
    """Return the parameters that study.toml gives the step; `window` are the days, `window_s` the seconds."""
    return {"window": window, **settings.model_dump(), "seed": seed}


def parse_null(text: str) -> str:
    """Return the name of a null model, or `none`.

    Raises InputError if there is none of that name.
    """
    from graphs.coordination.nulls import NULLS

    name = NULL_NAMES.get(text, text)
    if name != NO_NULL and name not in NULLS:
        raise InputError(f"null {text!r}: choose from {', '.join((*NULL_NAMES, *NULLS, NO_NULL))}.")
    return name


def parse_kinds(kinds: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """Return the kinds of objects, each once, sorted; None for all that there are.

    Raises InputError if one of them is no kind of object.
    """
    from graphs.coordination.options import OBJECT_KINDS

    if kinds is None:
        return None
    for kind in kinds:
        if kind not in OBJECT_KINDS:
            raise InputError(f"objects: there is no kind {kind!r}; choose from {', '.join(OBJECT_KINDS)}.")
    return tuple(sorted(set(kinds)))


def coordination_tables(
    study: Study, params: Mapping[str, Any], progress: Progress, *, within: Callable[[ir.Table], ir.Table]
) -> Mapping[str, pa.Table]:
    """Return the tables of `TABLES` for the shares, accounts and posts of a study; `within` keeps the days looked at.

    Raises InputError for a parameter that cannot be used.
    """
    import pyarrow as pa

    from graphs.coordination.find import find_coordination
    from influence.objects import study_objects

    options, significance, clusters = _options(params), _significance(params), _clusters(params)
    objects = study_objects(study, options.kinds) if options.kinds else study.table("objects")
    # The posts that were reshared may be older than the window, so their authors are looked for in all posts.
    wanted = study.table("posts").select("post_id", "actor_id", "reshared_post", "reshared_actor")
    with study.scratch() as scratch:
        study.engine.write(wanted, scratch / "posts.parquet")
        found = find_coordination(
            within(objects),
            actors=study.table("actors"),
            posts=study.engine.connection.read_parquet(str(scratch / "posts.parquet")),
            options=options,
            significance=significance,
            clusters=clusters,
            tell=lambda words: progress(f"coordination: {words}", 0, None),
        )
    looked_at = pa.table({"what": list(found.looked_at), "count": pa.array(found.looked_at.values(), pa.int64())})
    tables = (found.edges, found.clusters, found.evidence, found.null, found.grid, looked_at)
    return dict(zip(TABLES, tables, strict=True))


def _options(params: Mapping[str, Any]) -> CoordinationOptions:
    from graphs.coordination.options import CoordinationOptions

    return CoordinationOptions(kinds=parse_kinds(params["objects"]), **{name: params[name] for name in _OPTIONS})


def _significance(params: Mapping[str, Any]) -> SignificanceOptions | None:
    from graphs.coordination.nulls import SignificanceOptions

    null = parse_null(params["null"])
    if null == NO_NULL:
        return None
    model = cast("NullModel", null)  # `parse_null` has refused every other name
    return SignificanceOptions(null=model, level=params["max_q"], block_s=params["block_s"], seed=params["seed"])


def _clusters(params: Mapping[str, Any]) -> ClusterOptions:
    from graphs.coordination.find import ClusterOptions

    return ClusterOptions(
        max_q=params["max_q"],
        method=params["clusters"],
        resamples=params["resamples"],
        null_runs=params["null_runs"],
        seed=params["seed"],
    )
