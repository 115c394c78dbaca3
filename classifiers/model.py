"""The network: one encoder of any kind, mean pooling, and a head for each question."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from classifiers.scheme import CALL_TYPES, CALLS, TECHNIQUES

#: Channels of the span head: one a technique, and one for "some technique", which unnamed spans train as well.
SPAN_CHANNELS = (*TECHNIQUES, "any")


@dataclass(frozen=True, slots=True)
class Logits:
    """What the network says of a batch of B windows of T tokens; all are logits.

    `call` (B, 3), `manipulative` (B,), `call_types` (B, 11), `techniques` (B, 10), `spans` (B, T, 11).
    """

    call: Tensor
    manipulative: Tensor
    call_types: Tensor
    techniques: Tensor
    spans: Tensor

    def float(self) -> "Logits":
        """The same in float32."""
        return Logits(*(getattr(self, name).float() for name in self.__slots__))


class PostClassifier(nn.Module):
    """An encoder of Hugging Face with heads for call, verdict, call types, techniques and spans.

    Parameters
    ----------
    encoder
        Any model whose output has `last_hidden_state` (B, T, width).
    dropout
        Share of the pooled vector that is dropped in training.
    """

    def __init__(self, encoder: Any, *, dropout: float = 0.1) -> None:
        super().__init__()
        # Some encoders bring a pooler for their own pre-training; it would be dead weight here.
        if getattr(encoder, "pooler", None) is not None:
            encoder.pooler = None
        self.encoder = encoder
        width = int(encoder.config.hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.call = nn.Linear(width, len(CALLS))
        self.manipulative = nn.Linear(width, 1)
        self.call_types = nn.Linear(width, len(CALL_TYPES))
        self.techniques = nn.Linear(width, len(TECHNIQUES))
        self.spans = nn.Linear(width, len(SPAN_CHANNELS))

    def forward(self, ids: Tensor, mask: Tensor) -> Logits:
        """Logits for token ids (B, T) under an attention mask (B, T) of ones and zeros."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask.unsqueeze(-1).to(states.dtype)
        pooled = self.dropout((states * weights).sum(1) / weights.sum(1).clamp(min=1))
        return Logits(
            self.call(pooled),
            self.manipulative(pooled).squeeze(-1),
            self.call_types(pooled),
            self.techniques(pooled),
            self.spans(states),
        )

    def heads(self) -> dict[str, nn.Linear]:
        """The heads by name."""
        return {name: module for name, module in self.named_children() if isinstance(module, nn.Linear)}
