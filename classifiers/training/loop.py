"""The training loop: seeded, checkpointed after each epoch, resumable, logged as JSON lines."""

import json
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from classifiers.encoding import Encoder, Window
from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.model import PostClassifier
from classifiers.scheme import TECHNIQUES
from classifiers.training.augment import altered
from classifiers.training.batches import Batch, shuffled_batches
from classifiers.training.config import TrainingConfig
from classifiers.training.loss import summed_loss

CHECKPOINT = "checkpoint.pt"
LOG = "log.jsonl"


def seed_everything(seed: int) -> None:
    """Seed the generators that training draws from."""
    random.seed(seed)
    torch.manual_seed(seed)


def technique_weights(examples: Sequence[Example], limit: float) -> Tensor:
    """Weight (10,) of a present technique: (1-p)/p of its share p among the labelled posts, at most `limit`."""
    labels = [[example.has(name) for example in examples] for name in TECHNIQUES]
    present, absent = (torch.tensor([row.count(known) for row in labels]) for known in (True, False))
    return (absent / present.clamp(min=1)).clamp(min=1.0, max=limit)


@dataclass
class Run:
    """A training run between its first step and its last."""

    model: PostClassifier
    encoder: Encoder
    examples: Sequence[Example]
    config: TrainingConfig
    out: Path
    order: int = 0

    def __post_init__(self) -> None:
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.model.to(self.device)
        self.windows: list[Window] = self.encoder.head_and_tail([e.text for e in self.examples])
        self.weights = technique_weights(self.examples, self.config.technique_weight_limit).to(self.device)
        self.steps = self.config.epochs * _batches_in(len(self.examples), self.config.batch_size)
        self.step = 0
        self.seconds = 0.0
        self.frozen = freeze(self.model, self.config.frozen_layers)
        self.optimizer = _optimizer(self.model, self.config)
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.averaged: list[Tensor] = [p.detach().clone() for p in self.trained] if self.config.average else []

    def run(self) -> None:
        """Train from where the folder's checkpoint stands to the last epoch; the model ends with averaged weights."""
        first = self._resume()
        for epoch in range(first, self.config.epochs):
            self._epoch(epoch)
            self._save(epoch + 1)
        with torch.no_grad():
            for own, averaged in zip(self.trained, self.averaged, strict=False):
                own.copy_(averaged)

    def _epoch(self, epoch: int) -> None:
        self.model.train()
        for module in self.frozen:
            module.eval()
        began, sums, seen = time.monotonic(), defaultdict[str, Tensor | float](float), 0
        seed = self.config.seed + epoch + 1000 * self.order
        examples, windows = self._as_read(seed)
        for batch in shuffled_batches(examples, windows, self.encoder, size=self.config.batch_size, seed=seed):
            for name, value in self._step(batch.to(self.device)).items():
                sums[name] = sums[name] + value
            seen += 1
            if seen % 50 == 0:
                self._log(epoch=epoch, step=self.step, seconds=time.monotonic() - began, **_means(sums, seen))
        self.seconds += time.monotonic() - began
        self._log(epoch=epoch, step=self.step, seconds=self.seconds, end_of_epoch=True, **_means(sums, seen))

    def _as_read(self, seed: int) -> tuple[Sequence[Example], list[Window]]:
        """The examples of an epoch, some of them altered, and their windows."""
        if not self.config.augment:
            return self.examples, self.windows
        rng = random.Random(seed)
        examples, windows = list(self.examples), list(self.windows)
        rows = [i for i in range(len(examples)) if rng.random() < self.config.augment]
        for i in rows:
            examples[i] = altered(examples[i], rng)
        for i, window in zip(rows, self.encoder.head_and_tail([examples[i].text for i in rows]), strict=True):
            windows[i] = window
        return examples, windows

    def _step(self, batch: Batch) -> dict[str, Tensor]:
        factor = linear_factor(self.step, self.config.warmup_steps, self.steps)
        for group in self.optimizer.param_groups:
            group["lr"] = group["peak"] * factor
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"):
            logits = self.model(batch.ids, batch.mask)
        loss, parts = summed_loss(logits.float(), batch, self.config.loss, self.weights, self.config.span_weight)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.config.max_gradient)
        self.optimizer.step()
        if self.averaged:
            # The average starts short, or it would remember the untrained weights for long.
            decay = min(self.config.average, (1 + self.step) / (10 + self.step))
            torch._foreach_lerp_(self.averaged, [p.detach() for p in self.trained], 1 - decay)
        self.step += 1
        return parts

    def _save(self, epochs_done: int) -> None:
        state = {
            "epochs": epochs_done,
            "step": self.step,
            "seconds": self.seconds,
            "settings": self.config.model_dump_json(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "averaged": self.averaged,
            "torch_rng": torch.get_rng_state(),
        }
        # Written beside and renamed: a kill in the middle leaves the checkpoint of the epoch before.
        beside = self.out / (CHECKPOINT + ".part")
        torch.save(state, beside)
        beside.replace(self.out / CHECKPOINT)

    def _resume(self) -> int:
        file = self.out / CHECKPOINT
        if not file.exists():
            return 0
        state: dict[str, Any] = torch.load(file, weights_only=True)
        if state["settings"] != self.config.model_dump_json():
            raise InputError(f"{file}: was made with other settings. Train into another folder, or delete it.")
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.averaged = [tensor.to(self.device) for tensor in state["averaged"]]
        torch.set_rng_state(state["torch_rng"])
        self.step, self.seconds = state["step"], state["seconds"]
        return int(state["epochs"])

    def _log(self, **values: Any) -> None:
        with (self.out / LOG).open("a", encoding="utf-8") as log:
            log.write(json.dumps(values) + "\n")


def freeze(model: PostClassifier, layers: int) -> list[nn.Module]:
    """Take the embeddings and the lower `layers` of the encoder out of training; returns what was frozen.

    Raises
    ------
    InputError
        If the encoder has no list of that many layers.
    """
    if not layers:
        return []
    stack = next((m for m in model.encoder.modules() if isinstance(m, nn.ModuleList) and len(m) > 1), None)
    if stack is None or len(stack) < layers:
        raise InputError(f"frozen_layers: the encoder has no {layers} layers to freeze. Set it to 0.")
    embeddings = getattr(model.encoder, "embeddings", None) or model.encoder.get_input_embeddings()
    frozen = [embeddings, *stack[:layers]]
    for module in frozen:
        module.requires_grad_(False)
    return frozen


def _optimizer(model: PostClassifier, config: TrainingConfig) -> torch.optim.Optimizer:
    heads = [parameter for head in model.heads().values() for parameter in head.parameters()]
    groups: list[dict[str, Any]] = [{"params": heads, "peak": config.head_rate, "weight_decay": config.weight_decay}]
    for depth, parameters in _by_depth(model, config.layer_decay).items():
        rate = config.encoder_rate * config.layer_decay**depth
        matrices = [p for p in parameters if p.ndim >= 2]
        plain = [p for p in parameters if p.ndim < 2]
        groups.append({"params": matrices, "peak": rate, "weight_decay": config.weight_decay})
        groups.append({"params": plain, "peak": rate, "weight_decay": 0.0})
    used = [group for group in groups if group["params"]]
    return torch.optim.AdamW(used, lr=config.encoder_rate, fused=True)


def _by_depth(model: PostClassifier, decay: float) -> dict[int, list[nn.Parameter]]:
    """Trained parameters of the encoder by their distance from the top layer; all at 0 without decay."""
    stack = next((m for m in model.encoder.modules() if isinstance(m, nn.ModuleList) and len(m) > 1), None)
    layers: list[nn.Module] = [] if stack is None or decay == 1 else list(stack)
    of = {id(p): len(layers) - 1 - number for number, layer in enumerate(layers) for p in layer.parameters()}
    found: dict[int, list[nn.Parameter]] = {}
    for parameter in model.encoder.parameters():
        if parameter.requires_grad:
            found.setdefault(of.get(id(parameter), len(layers)), []).append(parameter)
    return found


def linear_factor(step: int, warmup: int, steps: int) -> float:
    """Share of the peak rate: up over the warm-up, then down to zero at the last step."""
    if step < warmup:
        return (step + 1) / warmup
    return max(0.0, (steps - step) / max(1, steps - warmup))


def _batches_in(examples: int, size: int) -> int:
    pool = size * 32
    full, rest = divmod(examples, pool)
    return full * 32 + -(-rest // size)


def _means(sums: dict[str, Tensor | float], count: int) -> dict[str, float]:
    return {name: round(float(value) / count, 4) for name, value in sums.items()}
