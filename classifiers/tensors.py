"""Windows of tokens to padded tensors."""

from collections.abc import Sequence

import torch
from torch import Tensor

from classifiers.encoding import Window


def padded(windows: Sequence[Window], pad_id: int) -> tuple[Tensor, Tensor]:
    """Token ids and attention mask (B, T) int64 of windows of unequal length."""
    longest = max(len(window) for window in windows)
    ids = torch.full((len(windows), longest), pad_id, dtype=torch.int64)
    mask = torch.zeros((len(windows), longest), dtype=torch.int64)
    for row, window in enumerate(windows):
        ids[row, : len(window)] = torch.tensor(window.ids, dtype=torch.int64)
        mask[row, : len(window)] = 1
    return ids, mask
