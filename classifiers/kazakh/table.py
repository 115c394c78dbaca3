"""The table by which Kazakh gets its letters back, as a file: one byte a weight, with square-root steps."""

import hashlib
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from classifiers.errors import InputError
from classifiers.kazakh.beam import BUCKETS, Weights
from classifiers.kazakh.transliteration import rules

__all__ = ["TABLE_FILE", "digest", "read_weights", "shipped_weights", "write_weights"]

TABLE_FILE = "restoration.safetensors"
_STEPS = 127


def write_weights(weights: Weights, file: Path) -> None:
    """Write weights; the same weights give the same bytes.

    Few weights are large and many are small: a step grows with the root of the weight, so both keep their figures.
    """
    from safetensors.numpy import save_file

    largest = np.float32(np.abs(weights.table).max(initial=1e-6))
    steps = np.round(_STEPS * np.sqrt(np.abs(weights.table) / largest)) * np.sign(weights.table)
    own = weights.rules.astype(np.float32)
    save_file({"table": steps.astype(np.int8), "largest": np.array([largest]), "rules": own}, file)
    file.chmod(0o644)


def read_weights(content: bytes, name: str) -> Weights:
    """Weights from a file's content.

    Raises
    ------
    InputError
        If it is no such file, or one for other rules of spelling.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        stored = load(content)
        table, own = stored["table"], stored["rules"].astype(np.float32)
        largest = float(stored["largest"][0])
    except (SafetensorError, KeyError, IndexError, ValueError) as error:
        raise InputError(f"{name}: cannot be read ({error}). Install the package again.") from error
    if table.shape != (BUCKETS,) or own.shape != (len(rules().pieces),):
        raise InputError(
            f"{name}: has {table.size:,} weights and {own.size:,} rules, not {BUCKETS:,} and {len(rules().pieces):,}. "
            "Estimate it again: python -m classifiers.training.restoration."
        )
    steps = table.astype(np.float32) / np.float32(_STEPS)
    return Weights((steps * np.abs(steps) * np.float32(largest)).astype(np.float32), own)


@cache
def shipped_weights() -> Weights:
    """The weights that ship.

    Raises
    ------
    InputError
        If the file is missing or damaged.
    """
    return read_weights(_shipped(), TABLE_FILE)


@cache
def digest() -> str:
    """Eight hexadecimal digits that stand for the table that ships."""
    return hashlib.sha256(_shipped()).hexdigest()[:8]


def _shipped() -> bytes:
    try:
        return files("classifiers.kazakh").joinpath(TABLE_FILE).read_bytes()
    except OSError as error:
        where = f"classifiers/kazakh/{TABLE_FILE}"
        raise InputError(f"{where}: cannot be read ({error}). Install the package again.") from error
