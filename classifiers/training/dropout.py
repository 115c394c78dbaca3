"""Dropout whose masks are cut from one pool: a CPU draws them one by one, which took a fifth of a training step."""

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional as F

_POOL: Final = 1 << 24


class PooledDropout(nn.Module):
    """Dropout with masks that are stretches, from places drawn anew each time, of 2**24 draws made once.

    Parameters
    ----------
    share
        Share of the elements that become 0, in (0, 1); the others grow by 1 / (1 - share).

    Notes
    -----
    Each element is kept with the same probability as in `torch.nn.Dropout`, and a mask is drawn without looking at
    the values. Masks of two calls overlap where their stretches do; with one call of 2**20 elements the expected
    overlap is a sixteenth of it, at other elements than before.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.p = share
        self._pool: Tensor | None = None

    def forward(self, values: Tensor) -> Tensor:
        """Values of any shape with some of them dropped in training, unchanged otherwise."""
        count = values.numel()
        if not self.training or self.p == 0 or values.device.type != "cpu" or count > _POOL:
            return F.dropout(values, self.p, self.training)
        if self._pool is None:
            self._pool = _pool(self.p)
        start = int(torch.randint(_POOL - count + 1, ()))
        return values * self._pool[start : start + count].view(values.shape)


_POOLS: dict[float, Tensor] = {}


def _pool(share: float) -> Tensor:
    """The draws of a share, made once a process; their seed is their own, so that a resumed run has the same."""
    if share not in _POOLS:
        generator = torch.Generator().manual_seed(0)
        _POOLS[share] = (torch.rand(_POOL, generator=generator) >= share).float() / (1 - share)
    return _POOLS[share]


def pool_dropout(module: nn.Module) -> None:
    """Put `PooledDropout` in the place of every dropout layer below a module."""
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Dropout) and child.p > 0:
                setattr(parent, name, PooledDropout(child.p))
