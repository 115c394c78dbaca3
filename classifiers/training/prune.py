"""Leave out the pieces of a multilingual vocabulary that the languages at hand do not use."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any


def piece_counts(tokenizer: Any, texts: Iterable[str]) -> Counter[int]:
    """How often each piece of a fast tokenizer (its `tokenizers` backend) occurs in texts."""
    counts: Counter[int] = Counter()
    rest = iter(texts)
    while part := list(islice(rest, 5000)):
        for encoding in tokenizer.encode_batch(part, add_special_tokens=False):
            counts.update(encoding.ids)
    return counts


def pieces_to_keep(
    vocabulary: list[tuple[str, float]],
    special: Iterable[int],
    counts: Mapping[str, Counter[int]],
    least: Mapping[str, int],
) -> list[int]:
    """Pieces that occur at least `least[name]` times in one of the counted corpora; characters and specials stay.

    Single characters stay so that no text of these scripts falls apart into unknown pieces.
    """
    keep = {*special}
    for name, counted in counts.items():
        keep |= {piece for piece, count in counted.items() if count >= least[name]}
    keep |= {i for i, (piece, _) in enumerate(vocabulary) if len(piece.removeprefix("▁")) == 1}
    return sorted(keep)


def prune_backbone(folder: Path, keep: list[int], out: Path) -> None:
    """Write the encoder and Unigram tokenizer of `folder` with the pieces `keep` (ids, ascending) alone to `out`."""
    import torch
    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(folder)
    model.set_input_embeddings(_fewer_rows(model.get_input_embeddings(), keep, torch))
    model.config.vocab_size = len(keep)
    model.save_pretrained(out)
    AutoTokenizer.from_pretrained(folder).save_pretrained(out)
    spec = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    (out / "tokenizer.json").write_text(json.dumps(_fewer_pieces(spec, keep), ensure_ascii=False), encoding="utf-8")


def _fewer_rows(embeddings: Any, keep: list[int], torch: Any) -> Any:
    padding = embeddings.padding_idx
    return torch.nn.Embedding.from_pretrained(
        embeddings.weight.detach()[keep].clone(),
        freeze=False,
        padding_idx=None if padding is None else keep.index(padding),
    )


def _fewer_pieces(spec: dict[str, Any], keep: list[int]) -> dict[str, Any]:
    new = {old: number for number, old in enumerate(keep)}
    spec["model"]["vocab"] = [spec["model"]["vocab"][old] for old in keep]
    spec["model"]["unk_id"] = new[spec["model"]["unk_id"]]
    for token in spec["added_tokens"]:
        token["id"] = new[token["id"]]
    for token in (spec.get("post_processor") or {}).get("special_tokens", {}).values():
        token["ids"] = [new[old] for old in token["ids"]]
    return spec


def texts_of(folder: Path) -> Iterator[tuple[str, Iterator[str]]]:
    """Name and texts of each Parquet (column `text`) or JSONL (field `text`) file in a folder."""
    import pyarrow.parquet as pq

    for file in sorted(folder.iterdir()):
        if file.suffix == ".parquet":
            column = pq.read_table(file, columns=["text"])["text"]
            yield file.stem, (str(text) for text in column.to_pylist() if text)
        elif file.suffix == ".jsonl":
            lines = file.read_text(encoding="utf-8").splitlines()
            yield file.stem, (json.loads(line)["text"] for line in lines if line.strip())
