"""Write a model folder that `load` reads."""

from pathlib import Path
from typing import Any

from classifiers.model import PostClassifier
from classifiers.settings import ModelSettings, write_settings
from classifiers.storage import LEXICAL, quantised, save_shards


def save(model: PostClassifier, tokenizer: Any, settings: ModelSettings, folder: Path) -> ModelSettings:
    """Write int8 weights, encoder configuration, tokenizer and settings; returns them with the weights' hash."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("model-*.safetensors"):
        old.unlink()
    (folder / LEXICAL).unlink(missing_ok=True)
    model.encoder.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    sha256 = save_shards(quantised(model.state_dict()), folder)
    settings = settings.model_copy(update={"sha256": sha256})
    write_settings(settings, folder)
    return settings
