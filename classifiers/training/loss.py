"""The masked, summed loss."""

import torch
from torch import Tensor
from torch.nn import functional as F

from classifiers.model import Logits
from classifiers.scheme import CALLS
from classifiers.training.batches import Batch
from classifiers.training.config import LossWeights

_CALL = CALLS.index("call")


def summed_loss(
    logits: Logits, batch: Batch, weights: LossWeights, technique_weights: Tensor, span_weight: float
) -> tuple[Tensor, dict[str, Tensor]]:
    """Weighted sum of the heads' losses, and each head's own value.

    `technique_weights` (10,) is the weight of a present technique against an absent one, `span_weight` the same for
    a token. What is not known (-1) adds nothing.
    """
    of_token = torch.full((1,), span_weight, device=logits.spans.device)
    parts = {
        "call": _call_loss(logits.call, batch),
        "promotion": _promotion_loss(logits.call, batch),
        "verdict": _binary(logits.manipulative, batch.manipulative, batch.weight),
        "call_types": _binary(logits.call_types, batch.call_types, batch.weight[:, None]),
        "techniques": _binary(logits.techniques, batch.techniques, batch.weight[:, None], technique_weights),
        "spans": _binary(
            logits.spans,
            batch.spans,
            batch.weight[:, None, None],
            of_token,
        ),
    }
    total = torch.stack([getattr(weights, name) * value for name, value in parts.items()]).sum()
    return total, {name: value.detach() for name, value in parts.items()}


def _call_loss(logits: Tensor, batch: Batch) -> Tensor:
    """Call or not, with `none` and `promotion` taken together: annotators drew the line between them differently."""
    total = torch.logsumexp(logits, dim=1)
    rest = torch.logsumexp(logits[:, :_CALL], dim=1)
    nll = total - torch.where(batch.call == _CALL, logits[:, _CALL], rest)
    return _mean(nll, batch.call >= 0, batch.weight)


def _promotion_loss(logits: Tensor, batch: Batch) -> Tensor:
    """`none` or `promotion` among the posts that are no call, where it is known which."""
    nll = F.cross_entropy(logits[:, :_CALL], batch.call.clamp(0, _CALL - 1), reduction="none")
    return _mean(nll, (batch.call >= 0) & (batch.call < _CALL), batch.weight)


def _binary(logits: Tensor, targets: Tensor, weight: Tensor, positive_weight: Tensor | None = None) -> Tensor:
    losses = F.binary_cross_entropy_with_logits(
        logits, targets.clamp(min=0), pos_weight=positive_weight, reduction="none"
    )
    return _mean(losses, targets >= 0, weight.expand_as(losses))


def _mean(losses: Tensor, known: Tensor, weight: Tensor) -> Tensor:
    weight = weight * known
    return (losses * weight).sum() / weight.sum().clamp(min=1e-6)
