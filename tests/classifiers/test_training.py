"""Training works with any encoder, resumes where it was stopped, and never sees what is held out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import classifiers
from classifiers import InputError
from classifiers.encoding import Encoder
from classifiers.examples import Example, Span
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import TECHNIQUES
from classifiers.training import TrainingConfig, read_config, train
from classifiers.training.batches import shuffled_batches, span_targets
from classifiers.training.data import held_out_part, load_examples, read_posts, training_part
from classifiers.training.loop import Run, freeze
from classifiers.training.tuning import fine_tune, load_backbone

Config = Callable[..., TrainingConfig]


def test_a_tiny_model_learns_and_can_be_used(tiny: Path) -> None:
    log = [json.loads(line) for line in (tiny / "training" / "log.jsonl").read_text().splitlines()]
    ends = [line["techniques"] for line in log if line.get("end_of_epoch")]
    assert len(ends) == 3
    assert ends[2] < ends[0]
    classifier = classifiers.load(tiny)
    assert classifier.name.startswith("tiny-")
    assert classifier.card["training"]["sources"]["some"]["held_out"] > 10
    assert {record["model"] for record in classifier.card["scores"]} == {"model", "TF-IDF"}
    assert "kk" in classifier.card["unvalidated"]
    assert classifier.predict(["Приходите в субботу"]).num_rows == 1


def test_a_stopped_run_ends_with_the_same_weights(
    tmp_path: Path, tiny_backbone: Path, labelled: Path, tiny_config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_config(epochs=3)
    examples = load_examples(config, labelled)
    whole, *_ = fine_tune(examples, tiny_backbone, tmp_path / "whole", config)
    original = Run._epoch

    def stopped(self: Run, epoch: int) -> None:
        if epoch == 2:
            raise KeyboardInterrupt
        original(self, epoch)

    monkeypatch.setattr(Run, "_epoch", stopped)
    with pytest.raises(KeyboardInterrupt):
        fine_tune(examples, tiny_backbone, tmp_path / "part", config)
    monkeypatch.undo()
    resumed, *_ = fine_tune(examples, tiny_backbone, tmp_path / "part", config)
    for name, tensor in whole.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], tensor, rtol=1e-4, atol=1e-5)


def test_a_checkpoint_of_other_settings_is_refused(
    tmp_path: Path, tiny_backbone: Path, labelled: Path, tiny_config: Config
) -> None:
    examples = load_examples(tiny_config(), labelled)
    fine_tune(examples, tiny_backbone, tmp_path, tiny_config(epochs=1))
    with pytest.raises(InputError, match="other settings"):
        fine_tune(examples, tiny_backbone, tmp_path, tiny_config(epochs=1, seed=9))


def test_a_plain_file_of_posts_is_enough(tmp_path: Path, tiny_backbone: Path, labelled: Path) -> None:
    config = TrainingConfig(
        name="own", epochs=1, batch_size=16, window=48, prefix="", precision="float32", bootstrap_samples=5
    )
    done = train(labelled / "some.jsonl", tiny_backbone, tmp_path, config, baseline=False)
    assert classifiers.load(done.folder).name == done.name


def test_frozen_layers_do_not_move(tmp_path: Path, tiny_backbone: Path, labelled: Path, tiny_config: Config) -> None:
    config = tiny_config(epochs=1, frozen_layers=1)
    before = load_backbone(tiny_backbone)[0].state_dict()
    model, *_ = fine_tune(load_examples(config, labelled), tiny_backbone, tmp_path, config)
    after = model.encoder.state_dict()
    moved = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert moved
    assert not any(name.startswith(("embeddings", "encoder.layer.0")) for name in moved)
    with pytest.raises(InputError, match="frozen_layers"):
        freeze(model, 5)


def test_a_backbone_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="backbone"):
        load_backbone(tmp_path)


def write(folder: Path, *rows: dict[str, Any] | str) -> Path:
    """A JSONL file of rows; a string is written as it is."""
    file = folder / "some.jsonl"
    lines = [row if isinstance(row, str) else json.dumps(row, ensure_ascii=False) for row in rows]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file


GOOD = {"id": "1", "lang": "ru", "text": "Приходите", "call": "call", "label": "positive", "call_types": ["attend"]}


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("{", r"some\.jsonl:2: is no JSON"),
        ("[]", r"some\.jsonl:2: is no JSON object"),
        ({**GOOD, "call": "maybe"}, r"some\.jsonl:2: call 'maybe'"),
        ({**GOOD, "call_types": ["dance"]}, "call type 'dance'"),
        ({**GOOD, "techniques": ["magic"]}, "technique 'magic'"),
        ({**GOOD, "text": 5}, "text is no string, got 5"),
        (
            {**GOOD, "techniques": ["fud"], "spans": [{"technique": "fud", "quote": "нет"}]},
            "does not stand in the text",
        ),
        ({"id": "1", "call": "none"}, "'text' is missing"),
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: dict[str, Any] | str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_posts(write(tmp_path, GOOD, row))


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="absent"):
        read_posts(tmp_path / "absent.jsonl")
    (tmp_path / "latin.jsonl").write_bytes(b'{"text": "\xff"}')
    with pytest.raises(InputError, match="latin"):
        read_posts(tmp_path / "latin.jsonl")


def test_what_was_not_asked_stays_unknown(tmp_path: Path) -> None:
    call, none = read_posts(write(tmp_path, GOOD, {**GOOD, "id": "2", "call": "none", "label": "none"}))
    assert call.manipulative is False
    assert call.call_types == ("attend",)
    assert call.techniques is None
    assert none.manipulative is None
    assert none.call_types is None


def test_pairs_are_held_out_together_and_nothing_held_out_is_trained_on(
    tmp_path: Path, tiny_config: Config, written: list[dict[str, Any]]
) -> None:
    write(tmp_path, *written)
    examples = load_examples(tiny_config(), tmp_path)
    aside, kept = held_out_part(examples), training_part(examples)
    assert 0.3 < len(aside) / len(examples) < 0.5
    assert not {e.group for e in aside} & {e.group for e in kept}
    assert not {e.text for e in aside} & {e.text for e in kept}
    assert [e.id for e in held_out_part(load_examples(tiny_config(), tmp_path))] == [e.id for e in aside]


def test_a_repost_of_a_held_out_text_is_not_trained_on(tmp_path: Path, tiny_config: Config) -> None:
    rows = [{**GOOD, "id": str(i), "text": f"Приходите! https://example.org/{i} @user{i}"} for i in range(40)]
    write(tmp_path, *rows)
    examples = load_examples(tiny_config(), tmp_path)
    assert held_out_part(examples)
    assert not training_part(examples)


def test_spans_that_are_not_named_say_nothing_about_each_technique(tiny_backbone: Path) -> None:
    _, tokenizer = load_backbone(tiny_backbone)
    text = "враги везде, бойтесь"
    example = Example("1", text, "ru", "s", techniques=("fud", "cliche"), spans=(Span(None, 0, 11),))
    (window,) = Encoder(tokenizer, window=64, prefix="").windows([text])
    targets = span_targets(example, window)
    of = {name: targets[:, SPAN_CHANNELS.index(name)] for name in SPAN_CHANNELS}
    inside = torch.tensor([a < 11 and b > a for a, b in window.offsets])
    outside = torch.tensor([a >= 11 and b > a for a, b in window.offsets])
    assert (of["any"][inside] == 1).all()
    assert (of["any"][outside] == 0).all()
    assert (of["fud"][inside] == -1).all()
    assert (of["fud"][outside] == 0).all()
    assert all((of[name][inside] == 0).all() for name in TECHNIQUES if name not in ("fud", "cliche"))
    assert (targets[~(inside | outside)] == -1).all()


def test_batches_hold_every_post_once_and_follow_the_seed(
    tiny_backbone: Path, labelled: Path, tiny_config: Config
) -> None:
    examples = load_examples(tiny_config(), labelled)
    _, tokenizer = load_backbone(tiny_backbone)
    encoder = Encoder(tokenizer, window=64, prefix="")
    windows = encoder.head_and_tail([example.text for example in examples])

    def ids(seed: int) -> list[list[int]]:
        found = shuffled_batches(examples, windows, encoder, size=7, seed=seed)
        return [row for batch in found for row in batch.ids.tolist()]

    assert ids(1) == ids(1)
    assert ids(1) != ids(2)
    assert len(ids(1)) == len(examples)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("epochs = 0", "epochs"),
        ("nonsense = 1", "nonsense"),
        ("epochs = ", "is no TOML"),
        ("[[sources]]\nname = 'a'\npath = 'b'\nheld_out = 2", "held_out"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "settings.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=says):
        read_config(file)


def test_the_shipped_configuration_has_a_permissive_recipe() -> None:
    config = read_config(Path(__file__).parents[2] / "benchmarks" / "train_default.toml")
    permissive = config.model_copy(update={"without": ("unlp2025",)})
    assert {s.name for s in config.used_sources()} - {s.name for s in permissive.used_sources()} == {"unlp2025"}
    assert [source.licence for source in config.used_sources() if source.binding] == ["CC BY-NC-SA 4.0"]
    assert not any(source.binding or "NC" in source.licence for source in permissive.used_sources())
    with pytest.raises(InputError, match="nothing"):
        config.model_copy(update={"without": ("nothing",)}).used_sources()


def test_attention_pooling_averages_and_altered_posts_train_and_load(
    tmp_path: Path, tiny_backbone: Path, labelled: Path, tiny_config: Config
) -> None:
    config = tiny_config(pooling="attention", layer_decay=0.8, average=0.9, augment=0.5, runs=2, epochs=1)
    done = train(labelled, tiny_backbone, tmp_path / "model", config, baseline=False)
    model = classifiers.load(done.folder, device="cpu")
    assert model.settings.pooling == "attention"
    assert model.network.attend is not None
    table = model.predict(["Приходите в субботу на субботник.", ""])
    assert all(0 <= p <= 1 for p in table["p_call"].to_pylist())


def test_the_mean_of_runs_is_the_mean_of_their_weights() -> None:
    from classifiers.training.tuning import mean_state

    states = [
        {"w": torch.tensor([1.0, 3.0]), "n": torch.tensor(4)},
        {"w": torch.tensor([3.0, 5.0]), "n": torch.tensor(4)},
    ]
    found = mean_state(states)
    assert found["w"].tolist() == [2.0, 4.0]
    assert int(found["n"]) == 4


def test_attention_starts_as_the_mean_and_leaves_padding_out(tiny_backbone: Path) -> None:
    from transformers import AutoModel

    from classifiers.model import PostClassifier

    torch.manual_seed(0)
    model = PostClassifier(AutoModel.from_pretrained(tiny_backbone), pooling="attention").eval()
    ids = torch.tensor([[5, 6, 7, 8]])
    padded = torch.tensor([[5, 6, 7, 8, 0, 0, 0]])
    mask = (torch.arange(7) < 4).long()[None]
    with torch.no_grad():
        alone, among = model(ids, torch.ones_like(ids)), model(padded, mask)
    assert torch.allclose(alone.call, among.call, atol=1e-5)
    assert torch.allclose(alone.techniques, among.techniques, atol=1e-5)


def test_pretraining_learns_to_fill_in_masked_pieces(tmp_path: Path, tiny_backbone: Path) -> None:
    from classifiers.training.pretrain import pretrain

    rows = [{"text": "Приходите в субботу на субботник, перчатки дадим."}] * 60
    (tmp_path / "text").mkdir()
    lines = "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (tmp_path / "text" / "some.jsonl").write_text(lines, encoding="utf-8")
    short = pretrain(tmp_path / "text", tiny_backbone, tmp_path / "a", epochs=1, batch=4, length=32, rate=3e-3)
    long = pretrain(tmp_path / "text", tiny_backbone, tmp_path / "b", epochs=30, batch=4, length=32, rate=3e-3)
    assert long < 0.7 * short
    log = [json.loads(line) for line in (tmp_path / "b" / "pretraining.jsonl").read_text().splitlines()]
    assert log[-1]["step"] == log[-1]["of"]
