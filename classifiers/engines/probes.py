"""Texts on which a converted network is compared with the original, as windows of token ids."""

from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from classifiers.encoding import Encoder, batches

_TOKENS = 2048


@dataclass(frozen=True, slots=True)
class Probe:
    """A batch of windows: token ids and attention mask, (B, T) each."""

    ids: NDArray[np.int64]
    mask: NDArray[np.int64]


def probes(encoder: Encoder) -> list[Probe]:
    """The probes for an encoder: made-up posts in Kazakh, Russian, Ukrainian and English, short and long, padded."""
    texts = files("classifiers.engines").joinpath("probes.txt").read_text(encoding="utf-8").splitlines()
    windows = encoder.windows([*texts, *(" ".join(texts[i : i + 6]) for i in range(0, len(texts), 8))])
    return [Probe(*encoder.padded([windows[i] for i in group])) for group in batches(windows, _TOKENS)]
