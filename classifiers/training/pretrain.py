"""Masked-language pretraining of an encoder on plain text, before it is fine-tuned.

    python -m classifiers.training.pretrain TEXT --backbone NAME_OR_DIR --out DIR

References: Devlin et al. (2019), BERT, NAACL; Gururangan et al. (2020), Don't stop pretraining, ACL.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from classifiers.training.loop import linear_factor, seed_everything
from classifiers.training.prune import texts_of

_MASKED = 0.15


class MaskedHead(nn.Module):
    """Predicts pieces from states; the decoder is the table of input embeddings itself."""

    def __init__(self, embeddings: nn.Embedding) -> None:
        super().__init__()
        width = embeddings.embedding_dim
        self.dense = nn.Linear(width, width)
        self.norm = nn.LayerNorm(width)
        self.bias = nn.Parameter(torch.zeros(embeddings.num_embeddings))

    def forward(self, states: Tensor, embeddings: nn.Embedding) -> Tensor:
        """Logits (M, pieces) of states (M, width)."""
        return F.linear(self.norm(F.gelu(self.dense(states))), embeddings.weight, self.bias)


def token_blocks(tokenizer: Any, folder: Path, length: int) -> Tensor:
    """All texts of a folder as blocks (N, length) of piece ids, texts behind each other with a separator between."""
    ids: list[int] = []
    between = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
    for _, texts in texts_of(folder):
        part = list(texts)
        for start in range(0, len(part), 10_000):
            encodings = tokenizer.backend_tokenizer.encode_batch(part[start : start + 10_000], add_special_tokens=False)
            for encoding in encodings:
                ids += encoding.ids
                ids.append(between)
    usable = len(ids) // length * length
    return torch.tensor(ids[:usable], dtype=torch.int32).reshape(-1, length)


def masked(ids: Tensor, mask_id: int, pieces: int, special: Tensor) -> tuple[Tensor, Tensor]:
    """Ids with 15% of the pieces hidden (80% by the mask, 10% by another piece, 10% as they are), and which."""
    draw = torch.rand(ids.shape, device=ids.device)
    hidden = (draw < _MASKED) & ~torch.isin(ids, special)
    seen = torch.where(hidden & (draw < _MASKED * 0.8), mask_id, ids)
    other = torch.randint(pieces, ids.shape, device=ids.device)
    return torch.where(hidden & (draw >= _MASKED * 0.9), other, seen), hidden


def pretrain(
    text: Path,
    backbone: str | Path,
    out: Path,
    *,
    epochs: float = 3.0,
    batch: int = 256,
    length: int = 128,
    rate: float = 3e-4,
    seed: int = 0,
) -> float:
    """Pretrain and write an encoder folder; returns the mean loss (nats a masked piece) of the last tenth.

    `text` is a folder of Parquet or JSONL files with a column `text`. `epochs` may be a fraction.
    """
    from classifiers.training.tuning import load_backbone

    seed_everything(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    encoder, tokenizer = load_backbone(backbone, device=device)
    blocks = token_blocks(tokenizer, text, length)
    steps = max(1, int(epochs * len(blocks) / batch))
    embeddings = encoder.get_input_embeddings()
    head = MaskedHead(embeddings).to(device)
    encoder.to(device).train()
    parameters = [*encoder.parameters(), *head.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=rate, weight_decay=0.01, betas=(0.9, 0.98))
    special = torch.tensor(sorted(set(tokenizer.all_special_ids)), device=device)
    out.mkdir(parents=True, exist_ok=True)
    losses, began = [], time.monotonic()
    for step, ids in enumerate(_batches(blocks, batch, steps, seed)):
        seen, hidden = masked(ids.long().to(device), tokenizer.mask_token_id, embeddings.num_embeddings, special)
        loss = _loss(encoder, head, embeddings, ids.long().to(device), seen, hidden)
        for group in optimizer.param_groups:
            group["lr"] = rate * linear_factor(step, steps // 15 + 1, steps)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        losses.append(loss.detach())
        if (step + 1) % 100 == 0 or step + 1 == steps:
            mean = float(torch.stack(losses[-100:]).mean())
            row = {"step": step + 1, "of": steps, "loss": round(mean, 4), "seconds": time.monotonic() - began}
            with (out / "pretraining.jsonl").open("a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
    encoder.cpu().save_pretrained(out)
    tokenizer.save_pretrained(out)
    return float(torch.stack(losses[-max(1, steps // 10) :]).mean())


def _loss(
    encoder: Any, head: MaskedHead, embeddings: nn.Embedding, ids: Tensor, seen: Tensor, hidden: Tensor
) -> Tensor:
    with torch.autocast(ids.device.type, torch.bfloat16):
        states = encoder(input_ids=seen, attention_mask=torch.ones_like(seen)).last_hidden_state
        logits = head(states[hidden], embeddings)
    return F.cross_entropy(logits.float(), ids[hidden])


def _batches(blocks: Tensor, size: int, steps: int, seed: int) -> Iterator[Tensor]:
    generator = torch.Generator().manual_seed(seed)
    done = 0
    while done < steps:
        order = torch.randperm(len(blocks), generator=generator)
        for start in range(0, len(order), size):
            if done == steps:
                return
            yield blocks[order[start : start + size]]
            done += 1


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and pretrain; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.pretrain", description=__doc__)
    parser.add_argument("text", type=Path, help="folder of Parquet or JSONL files with a column text")
    parser.add_argument("--backbone", required=True, help="folder or hub name of an encoder")
    parser.add_argument("--out", type=Path, required=True, help="encoder folder to write")
    parser.add_argument("--epochs", type=float, default=3.0)
    parser.add_argument("--batch", type=int, default=256, help="blocks of 128 pieces in a step")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    loss = pretrain(given.text, given.backbone, given.out, epochs=given.epochs, batch=given.batch, seed=given.seed)
    print(f"{given.out}: {loss:.3f} nats a masked piece")
    return 0


if __name__ == "__main__":
    sys.exit(main())
