"""What people decided about the evidence of a flag; a flag is never more than a proposal until they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influence.study import Study

__all__ = ["Reviewed", "reviewed_evidence"]


@dataclass(frozen=True)
class Reviewed:
    """Of `evidence` posts of a flag: those decided `manipulative`, decided `otherwise`, and `disputed` or unclear."""

    evidence: int
    manipulative: int = 0
    otherwise: int = 0
    disputed: int = 0

    @property
    def decided(self) -> int:
        """Posts that at least one person looked at."""
        return self.manipulative + self.otherwise + self.disputed

    def as_dict(self) -> dict[str, int]:
        """The counts by name."""
        return {**asdict(self), "decided": self.decided}

    def sentence(self) -> str:
        """The counts as a reader wants them."""
        if not self.decided:
            return f"none of its {self.evidence} evidence posts was reviewed by a person yet"
        parts = [f"{self.manipulative} manipulative", f"{self.otherwise} not"]
        parts += [f"{self.disputed} disputed or unclear"] * bool(self.disputed)
        return f"{self.decided} of its {self.evidence} evidence posts were reviewed by people: {', '.join(parts)}"


def reviewed_evidence(study: Study, flags: Iterable[Mapping[str, Any]]) -> dict[str, Reviewed]:
    """Return what the decisions of the study's reviewers come to, per flagged account.

    Counted are the posts that a flag lists as evidence. Decisions are about posts: there is none about an account.
    """
    from influence.review.store import ReviewStore

    settled = {one.post_id: one for one in ReviewStore(study.folder).settled()}
    found = {}
    for flag in flags:
        counts = {"manipulative": 0, "otherwise": 0, "disputed": 0}
        posts = [str(post) for post in flag["evidence"] or ()]
        for post in posts:
            if post in settled:
                decision = settled[post].decision
                unclear = decision is None or decision.verdict == "unclear"
                manipulative = decision is not None and decision.verdict == "manipulative"
                counts["disputed" if unclear else "manipulative" if manipulative else "otherwise"] += 1
        found[str(flag["actor_id"])] = Reviewed(len(posts), **counts)
    return found
