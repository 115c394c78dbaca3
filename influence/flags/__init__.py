"""Accounts proposed for review: on rates with their intervals, beyond what false alarms give, never on one post."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influence.flags.label_errors import ErrorRate, LabelErrors, read_label_errors
    from influence.flags.partners import Partners, coordination_beside, read_partners
    from influence.flags.propose import CONSIDERED_SCHEMA, FLAGS_SCHEMA, Proposed, propose_flags
    from influence.flags.rates import BetaPriors, beta_priors, shrunk_rates
    from influence.flags.reviewed import Reviewed, reviewed_evidence

__all__ = [
    "CONSIDERED_SCHEMA",
    "FLAGS_SCHEMA",
    "BetaPriors",
    "ErrorRate",
    "LabelErrors",
    "Partners",
    "Proposed",
    "Reviewed",
    "beta_priors",
    "coordination_beside",
    "propose_flags",
    "read_label_errors",
    "read_partners",
    "reviewed_evidence",
    "shrunk_rates",
]

_WHERE = {
    **dict.fromkeys(("ErrorRate", "LabelErrors", "read_label_errors"), "label_errors"),
    **dict.fromkeys(("Partners", "coordination_beside", "read_partners"), "partners"),
    **dict.fromkeys(("CONSIDERED_SCHEMA", "FLAGS_SCHEMA", "Proposed", "propose_flags"), "propose"),
    **dict.fromkeys(("BetaPriors", "beta_priors", "shrunk_rates"), "rates"),
    **dict.fromkeys(("Reviewed", "reviewed_evidence"), "reviewed"),
}


def __getattr__(name: str) -> Any:
    """Import what is asked for when it is: freshness looks in here, and must not load an engine for that."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_WHERE[name]}"), name)
