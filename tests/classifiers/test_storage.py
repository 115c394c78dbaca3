"""Weights come back from disk as they were, within half a step of int8."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.errors import InputError
from classifiers.storage import INDEX, dequantised, digest, load_shards, quantised, save_shards


@settings(max_examples=20)
@given(seed=st.integers(0, 1000), size=st.floats(1e-6, 1e3))
def test_int8_is_off_by_half_a_step_at_most(seed: int, size: float) -> None:
    matrix = torch.randn(300, 256, generator=torch.Generator().manual_seed(seed)) * size
    back = dequantised(quantised({"w": matrix}))["w"]
    step = matrix.abs().amax(dim=1, keepdim=True) / 127
    assert ((back - matrix).abs() <= step * 0.501).all()


def test_a_row_of_zeros_stays_zero_and_small_tensors_stay_exact() -> None:
    state = {"w": torch.zeros(300, 256), "head": torch.randn(3, 8), "bias": torch.randn(300)}
    back = dequantised(quantised(state))
    assert all(torch.equal(back[name], state[name]) for name in state)


def test_shards_are_small_and_complete(tmp_path: Path) -> None:
    tensors = {f"t{i}": torch.randn(100, 10) for i in range(10)}
    save_shards(tensors, tmp_path, shard_bytes=9000)
    files = sorted(tmp_path.glob("*.safetensors"))
    assert len(files) == 5
    assert all(file.stat().st_size < 10_000 for file in files)
    back = load_shards(tmp_path)
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)


@settings(max_examples=20)
@given(rows=st.integers(1, 400), columns=st.integers(0, 5), most=st.integers(100, 5000))
def test_a_tensor_larger_than_a_file_is_cut_and_put_together(
    tmp_path_factory: pytest.TempPathFactory, rows: int, columns: int, most: int
) -> None:
    shape = (rows, columns) if columns else (rows,)
    tensors = {"a": torch.randn(shape), "b": torch.randn(3)}
    folder = tmp_path_factory.mktemp("cut")
    save_shards(tensors, folder, shard_bytes=most)
    back = load_shards(folder)
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)
    # 400 bytes are the names and shapes at the head of a file.
    assert all(file.stat().st_size <= most + 400 for file in folder.glob("*.safetensors"))


def test_the_hash_follows_the_weights(tmp_path: Path) -> None:
    first = save_shards({"a": torch.zeros(5)}, tmp_path)
    assert first == digest(tmp_path)
    assert save_shards({"a": torch.ones(5)}, tmp_path) != first


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    save_shards({"a": torch.zeros(5)}, tmp_path)
    (file,) = tmp_path.glob("*.safetensors")
    file.write_bytes(b"damaged")
    with pytest.raises(InputError, match=file.name):
        load_shards(tmp_path)
    file.unlink()
    with pytest.raises(InputError, match=file.name):
        digest(tmp_path)
    (tmp_path / INDEX).write_text("{", encoding="utf-8")
    with pytest.raises(InputError, match="index"):
        load_shards(tmp_path)
