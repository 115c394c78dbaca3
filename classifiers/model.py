"""The network: one encoder of any kind, a pooled vector for each question, and a head for each."""

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from classifiers.scheme import CALL_SPAN, CALL_TYPES, CALLS, TECHNIQUES

#: Channels of the span head: one a technique, one for "some technique", which unnamed spans train as well, and one for
#: the words that carry a call, which is fitted to the finished network (`training.call_words`).
SPAN_CHANNELS = (*TECHNIQUES, "any", CALL_SPAN)

Pooling = Literal["mean", "attention"]
#: Questions that look at words of their own where pooling is by attention.
QUESTIONS = ("call", "manipulative", "techniques")


@dataclass(frozen=True, slots=True)
class Logits:
    """What the network says of a batch of B windows of T tokens; all are logits.

    `call` (B, 3), `manipulative` (B,), `call_types` (B, 11), `techniques` (B, 10), `spans` (B, T, 12).
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
    pooling
        `mean`: the mean of the token states stands for the post, for all heads. `attention`: beside that mean, each of
        `QUESTIONS` has a mean of its own, weighted by a learnt query, so that a call in the last line of a long post
        is not averaged away and the heads do not have to share one vector.
    """

    def __init__(self, encoder: Any, *, dropout: float = 0.1, pooling: Pooling = "mean") -> None:
        super().__init__()
        # Some encoders bring a pooler for their own pre-training; it would be dead weight here.
        if getattr(encoder, "pooler", None) is not None:
            encoder.pooler = None
        self.encoder = encoder
        width = int(encoder.config.hidden_size)
        self.dropout = nn.Dropout(dropout)
        self.attend = nn.Linear(width, len(QUESTIONS)) if pooling == "attention" else None
        if self.attend is not None:
            # All words count alike at first: training starts from the mean.
            nn.init.zeros_(self.attend.weight)
        pooled = width if self.attend is None else 2 * width
        self.call = nn.Linear(pooled, len(CALLS))
        self.manipulative = nn.Linear(pooled, 1)
        self.call_types = nn.Linear(pooled, len(CALL_TYPES))
        self.techniques = nn.Linear(pooled, len(TECHNIQUES))
        self.spans = nn.Linear(width, len(SPAN_CHANNELS))

    def forward(self, ids: Tensor, mask: Tensor) -> Logits:
        """Logits for token ids (B, T) under an attention mask (B, T) of ones and zeros."""
        states = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        call, manipulative, techniques = self._pooled(states, mask)
        return Logits(
            self.call(call),
            self.manipulative(manipulative).squeeze(-1),
            self.call_types(call),
            self.techniques(techniques),
            self.spans(states),
        )

    def _pooled(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A vector (B, width or 2 width) for each of `QUESTIONS`."""
        weights = mask.unsqueeze(-1).to(states.dtype)
        mean = (states * weights).sum(1) / weights.sum(1).clamp(min=1)
        if self.attend is None:
            pooled = self.dropout(mean)
            return pooled, pooled, pooled
        scores = self.attend(states).masked_fill(mask.unsqueeze(-1) == 0, -1e4)
        attended = torch.softmax(scores, dim=1).transpose(1, 2) @ states
        call, manipulative, techniques = (
            self.dropout(torch.cat([mean, attended[:, i]], dim=1)) for i in range(len(QUESTIONS))
        )
        return call, manipulative, techniques

    def heads(self) -> dict[str, nn.Linear]:
        """The heads by name."""
        return {name: module for name, module in self.named_children() if isinstance(module, nn.Linear)}
