"""Weights on disk: matrices as int8 with one scale a row, everything else in float32, in small safetensors files."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from classifiers.errors import InputError

INDEX = "model.safetensors.index.json"
SCALE = ".int8_scale"
ROWS = ".rows"
LEXICAL = "lexical.safetensors"
# Below this many numbers a matrix is kept as it is: heads decide, and cost nothing.
_SMALLEST = 65_536


def quantised(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """State with each large matrix as int8 (rows, columns) and a float32 scale (rows,) under `<name>.int8_scale`."""
    packed: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if tensor.ndim == 2 and tensor.numel() >= _SMALLEST and tensor.is_floating_point():
            scale = (tensor.float().abs().amax(dim=1) / 127).clamp(min=1e-12)
            packed[name] = (tensor.float() / scale[:, None]).round().clamp(-127, 127).to(torch.int8)
            packed[name + SCALE] = scale
        else:
            packed[name] = tensor.detach().clone().contiguous()
    return packed


def dequantised(packed: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state that `quantised` packed; each number is off by at most half a step of its row's scale."""
    return {
        name: tensor.float() * packed[name + SCALE][:, None] if tensor.dtype == torch.int8 else tensor
        for name, tensor in packed.items()
        if not name.endswith(SCALE)
    }


def save_shards(tensors: Mapping[str, Tensor], folder: Path, *, shard_bytes: int = 14_500_000) -> str:
    """Write tensors as `model-00001-of-….safetensors` with their index; returns the SHA-256 of all of them.

    A tensor that is larger than a file is cut by rows, into `<name>.rows00`, `<name>.rows01`, …
    """
    groups: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, tensor in _in_pieces(tensors, shard_bytes):
        if groups[-1] and size + tensor.nbytes > shard_bytes:
            groups.append({})
            size = 0
        groups[-1][name] = tensor
        size += tensor.nbytes
    where: dict[str, str] = {}
    for number, group in enumerate(groups, 1):
        file = f"model-{number:05d}-of-{len(groups):05d}.safetensors"
        save_file(group, folder / file, metadata={"format": "pt"})
        # The library writes for the owner alone; a model is for everyone who may read the folder.
        (folder / file).chmod(0o644)
        where |= dict.fromkeys(group, file)
    total = sum(tensor.nbytes for tensor in tensors.values())
    index = {"metadata": {"total_size": total}, "weight_map": where}
    (folder / INDEX).write_text(json.dumps(index, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return digest(folder)


def _in_pieces(tensors: Mapping[str, Tensor], most: int) -> Iterator[tuple[str, Tensor]]:
    for name, tensor in tensors.items():
        if tensor.nbytes <= most or len(tensor) < 2:
            yield name, tensor
            continue
        rows = max(1, most // (tensor.nbytes // len(tensor)))
        for number, piece in enumerate(torch.split(tensor, rows)):
            yield f"{name}{ROWS}{number:02d}", piece.contiguous()


def _joined(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors with those that were cut by rows put together again."""
    whole: dict[str, Tensor] = {}
    pieces: dict[str, list[str]] = {}
    for name, tensor in tensors.items():
        if ROWS in name:
            pieces.setdefault(name.split(ROWS)[0], []).append(name)
        else:
            whole[name] = tensor
    return whole | {name: torch.cat([tensors[part] for part in sorted(parts)]) for name, parts in pieces.items()}


def load_shards(folder: Path) -> dict[str, Tensor]:
    """The tensors that `save_shards` wrote.

    Raises
    ------
    InputError
        If the index or one of its files is missing or damaged.
    """
    tensors: dict[str, Tensor] = {}
    for file in shard_files(folder):
        try:
            with safe_open(file, framework="pt") as opened:
                tensors |= {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118 - no mapping
        except (OSError, SafetensorError) as error:
            raise InputError(f"{file}: weights cannot be read ({error}). Copy the model again.") from error
    return _joined(tensors)


def replace_tensors(folder: Path, tensors: Mapping[str, Tensor]) -> str:
    """Put tensors that are stored whole in the place of those of their names; returns the new digest.

    Only the files that hold them are written anew.

    Raises
    ------
    InputError
        If the folder cannot be read.
    """
    from safetensors.torch import load_file

    for file in shard_files(folder):
        try:
            stored = load_file(file)
        except (OSError, SafetensorError) as error:
            raise InputError(f"{file}: weights cannot be read ({error}). Copy the model again.") from error
        found = {name: tensor.contiguous() for name, tensor in tensors.items() if name in stored}
        if found:
            # Beside the file and then in its place: what was read from it may still be mapped.
            fresh = file.with_name(f".{file.name}")
            save_file(stored | found, fresh, metadata={"format": "pt"})
            fresh.chmod(0o644)
            fresh.replace(file)
    return digest(folder)


def shard_files(folder: Path) -> list[Path]:
    """The weight files of a model folder, in order."""
    index = folder / INDEX
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise InputError(f"{index}: cannot be read ({error}). Copy the model again.") from error
    return [folder / Path(str(name)).name for name in names]


def digest(folder: Path) -> str:
    """SHA-256 (hexadecimal) over the weight files in order, the lexical branch last."""
    sha = hashlib.sha256()
    lexical = folder / LEXICAL
    for file in [*shard_files(folder), *([lexical] if lexical.is_file() else [])]:
        try:
            with file.open("rb") as opened:
                while block := opened.read(1 << 20):
                    sha.update(block)
        except OSError as error:
            raise InputError(f"{file}: weights cannot be read ({error}). Copy the model again.") from error
    return sha.hexdigest()
