"""A tiny encoder made on the spot, a tiny model trained with it, and the shipped model loaded once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import classifiers
from classifiers.prediction import Classifier
from classifiers.training.config import Source, TrainingConfig

WRITTEN = Path(__file__).parents[2] / "datasets" / "written"


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """One thread is enough for models this small; two of them wait for each other where tests share a machine."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def shipped() -> Classifier:
    """The model that ships, opened once."""
    return classifiers.load(device="cpu")


@pytest.fixture(scope="session")
def written() -> list[dict[str, Any]]:
    """All written posts."""
    files = sorted(WRITTEN.glob("*.jsonl"))
    return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture(scope="session")
def tiny_backbone(tmp_path_factory: pytest.TempPathFactory, written: list[dict[str, Any]]) -> Path:
    """A BERT of two layers with a WordPiece vocabulary of the written posts: an encoder unlike the shipped one."""
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("backbone")
    pieces = BertWordPieceTokenizer(lowercase=False)
    pieces.train_from_iterator([post["text"] for post in written[::4]], vocab_size=600, show_progress=False)
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=pieces._tokenizer,
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="[PAD]",
        unk_token="[UNK]",
        mask_token="[MASK]",
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=pieces.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=96,
    )
    BertModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def labelled(tmp_path_factory: pytest.TempPathFactory, written: list[dict[str, Any]]) -> Path:
    """A folder with one file of 149 written posts in several languages."""
    folder = tmp_path_factory.mktemp("labelled")
    lines = [json.dumps(post, ensure_ascii=False) for post in written[::12]]
    (folder / "some.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def tiny_config() -> Callable[..., TrainingConfig]:
    """Makes settings for the tiny encoder, with one source `some.jsonl`."""

    def make(**changes: Any) -> TrainingConfig:
        source = Source(name="some", path=Path("some.jsonl"), held_out=0.4, real=True)
        values: dict[str, Any] = {
            "name": "tiny",
            "epochs": 3,
            "batch_size": 8,
            "window": 64,
            "prefix": "",
            "encoder_rate": 5e-4,
            "head_rate": 2e-3,
            "warmup_steps": 2,
            "precision": "float32",
            "bootstrap_samples": 20,
            "sources": (source,),
        }
        return TrainingConfig(**{**values, **changes})

    return make


@pytest.fixture(scope="session")
def tiny(
    tmp_path_factory: pytest.TempPathFactory,
    tiny_backbone: Path,
    labelled: Path,
    tiny_config: Callable[..., TrainingConfig],
) -> Path:
    """A model folder trained on `labelled` in a few seconds."""
    from classifiers.training import train

    return train(labelled, tiny_backbone, tmp_path_factory.mktemp("tiny"), tiny_config()).folder
