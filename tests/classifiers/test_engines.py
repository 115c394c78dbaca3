"""Engines: the same labels whichever computes, an export made once, and labels even where none can be made."""

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import classifiers
from classifiers import InputError
from classifiers.engines import Rounding, TorchEngine, export
from classifiers.engines.base import OUTPUTS, Export
from classifiers.engines.cache import cache_folder, read_entry, write_entry
from classifiers.engines.onnx_engine import ExactOnnxEngine, OnnxEngine, measured
from classifiers.engines.probes import probes
from classifiers.engines.processor import weight_bits
from classifiers.prediction import Classifier

TEXTS = ["Приходите в субботу!", "Келіңіздер", "", "News of the day. " * 60, "👍"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of its own for each test."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return cache_folder()


def _no_export(*_: Any, **__: Any) -> Export:
    raise RuntimeError("an operator is not known\nand more lines")


def test_the_shipped_model_labels_alike_in_both(shipped: Classifier, written: list[dict[str, Any]]) -> None:
    texts, langs = [post["text"] for post in written[::12]], [post["lang"] for post in written[::12]]
    fast = classifiers.load(runtime="onnx")
    assert fast.engine.name == "onnx"
    ours, theirs = fast.predict(texts, langs), shipped.predict(texts, langs)
    same = np.mean(np.array(ours["label"].to_pylist()) == np.array(theirs["label"].to_pylist()))
    assert same >= 0.99
    assert np.abs(np.array(ours["p_call"].to_pylist()) - np.array(theirs["p_call"].to_pylist())).mean() < 0.02


def test_a_trained_model_is_exported_once_and_read_again(
    tiny: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = classifiers.load(tiny, runtime="onnx").predict(TEXTS)
    (file,) = cache.iterdir()
    monkeypatch.setattr(export, "exported", _no_export)
    again = classifiers.load(tiny, runtime="onnx")
    assert again.engine.name == "onnx"
    assert again.predict(TEXTS).equals(first)
    assert [entry.name for entry in cache.iterdir()] == [file.name]


@pytest.mark.parametrize("cut", [0, 10, 1000, -1])
def test_a_damaged_export_is_made_again(tiny: Path, cache: Path, caplog: pytest.LogCaptureFixture, cut: int) -> None:
    expected = classifiers.load(tiny, runtime="onnx").predict(TEXTS)
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:cut])
    with caplog.at_level(logging.WARNING):
        found = classifiers.load(tiny, runtime="onnx")
    assert found.engine.name == "onnx"
    assert found.predict(TEXTS).equals(expected)
    assert [record.getMessage().endswith("is damaged; it is made again.") for record in caplog.records] == [True]
    assert read_entry(file) is not None


def test_a_cache_that_cannot_be_written_is_said_and_does_not_matter(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with caplog.at_level(logging.WARNING):
        assert classifiers.load(tiny, runtime="onnx").engine.name == "onnx"
    (record,) = caplog.records
    assert "XDG_CACHE_HOME" in record.getMessage()


def test_where_the_export_fails_torch_computes_and_it_is_said_in_one_line(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(export, "exported", _no_export)
    with caplog.at_level(logging.WARNING):
        found = classifiers.load(tiny, runtime="onnx")
    assert found.engine.name == "torch"
    (record,) = caplog.records
    assert "an operator is not known" in record.getMessage()
    assert "\n" not in record.getMessage()
    assert found.predict(TEXTS).num_rows == len(TEXTS)


def test_an_export_of_another_network_is_not_taken(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import torch

    honest = export.exported

    def other(model: Any, *args: Any, **options: Any) -> Export:
        with torch.no_grad():
            model.call.bias += 10
            content = honest(model, *args, **options)
            model.call.bias -= 10
        return content

    monkeypatch.setattr(export, "exported", other)
    with caplog.at_level(logging.WARNING):
        assert classifiers.load(tiny, runtime="onnx").engine.name == "torch"
    assert "does not agree" in caplog.text


def test_the_runtime_is_the_given_one_or_that_of_the_environment(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INFLUENCE_RUNTIME", "torch")
    assert classifiers.load(tiny).engine.name == "torch"
    assert classifiers.load(tiny, runtime="onnx").engine.name == "onnx"
    monkeypatch.setenv("INFLUENCE_RUNTIME", "fast")
    with pytest.raises(InputError, match=r"'fast' \(from INFLUENCE_RUNTIME\).*auto, torch, onnx"):
        classifiers.load(tiny)
    with pytest.raises(InputError, match="no runtime 'slow'"):
        classifiers.load(tiny, runtime="slow")


def test_the_exact_graph_of_a_bert_is_the_network(shipped: Classifier) -> None:
    batches = probes(shipped.encoder)
    exact, torch_ = ExactOnnxEngine(shipped.network), TorchEngine(shipped.network)
    assert exact.rounding is None
    for probe in batches:
        ours, theirs = exact(probe.ids, probe.mask), torch_(probe.ids, probe.mask)
        for name in OUTPUTS[:4]:
            assert np.abs(getattr(ours, name) - getattr(theirs, name)).max() < 1e-3
        assert np.abs((ours.spans - theirs.spans) * probe.mask[..., None]).max() < 1e-3


def test_posts_near_a_threshold_are_read_exactly_by_the_same_runtime(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fast = classifiers.load(tiny, runtime="onnx")
    assert isinstance(fast.exact, ExactOnnxEngine)
    assert fast.exact.identity in fast.basis
    assert classifiers.load(tiny, runtime="torch").exact is None
    # A conversion that fails is said once, and torch reads them.
    monkeypatch.setattr(export, "exported", _no_export)
    ids = np.full((2, 9), 5)
    with caplog.at_level(logging.WARNING):
        outputs = [fast.exact(ids, np.ones_like(ids)) for _ in range(2)]
    assert len(caplog.records) == 1
    assert np.array_equal(outputs[0].call, TorchEngine(fast.network)(ids, np.ones_like(ids)).call)


def test_the_graph_of_a_bert_is_the_network_up_to_its_rounding(tiny: Path) -> None:
    opened = classifiers.load(tiny, runtime="torch")
    batches = probes(opened.encoder)
    made = export.exported(opened.network, batches)
    engine, exact = OnnxEngine(made), TorchEngine(opened.network)
    assert made.equal_lengths
    rounding = measured(engine, exact, batches)
    assert 0 < rounding.call < 0.2
    assert 0 < rounding.manipulative < 0.2
    scale = np.std(np.concatenate([exact(probe.ids, probe.mask).call_log_odds() for probe in batches]))
    assert rounding.call < 0.1 * max(1, scale)


def test_padding_changes_nothing(tiny: Path) -> None:
    opened = classifiers.load(tiny, runtime="onnx")
    probe = next(probe for probe in probes(opened.encoder) if not probe.mask.all())
    whole = opened.engine(probe.ids, probe.mask)
    for row, length in enumerate(probe.mask.sum(axis=1)):
        same = np.flatnonzero(probe.mask.sum(axis=1) == length)
        alone = opened.engine(probe.ids[same, :length], probe.mask[same, :length])
        at = int(np.flatnonzero(same == row)[0])
        for name in OUTPUTS[:4]:
            assert np.array_equal(getattr(alone, name)[at], getattr(whole, name)[row])
        assert np.array_equal(alone.spans[at], whole.spans[row, :length])


def test_an_encoder_of_another_kind_is_traced(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "is_bert", lambda _: False)
    opened = classifiers.load(tiny, runtime="onnx")
    assert opened.engine.name == "onnx"
    assert not opened.engine.equal_lengths
    ours, theirs = opened.predict(TEXTS), classifiers.load(tiny, runtime="torch").predict(TEXTS)
    assert ours["label"].equals(theirs["label"])


ODD = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        ["при\u200bxoдитe завтра", "\u202eמחר בכיכר\u202c", "انضموا إلينا", "👍🔥" * 30, "", " \n", "\0\ud800а"]
    ),
    st.sampled_from(["а", "митинг 7 ", "👩‍👩‍👧‍👦", "\u0301"]).map(lambda part: part * 6000),
)


@pytest.fixture(scope="module")
def both(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Classifier, Classifier]:
    """The tiny model in both runtimes, with an export that all examples share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("shared")))
        return classifiers.load(tiny, runtime="onnx"), classifiers.load(tiny, runtime="torch")


@given(texts=st.lists(ODD, min_size=1, max_size=5))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_odd_texts_go_the_same_way_through_both(both: tuple[Classifier, Classifier], texts: list[str]) -> None:
    ours, theirs = (model.predict(texts) for model in both)
    for text, a, b in zip(texts, ours.to_pylist(), theirs.to_pylist(), strict=True):
        assert a["lang"] == b["lang"]
        assert abs(a["p_call"] - b["p_call"]) < 0.1
        assert abs(a["p_manipulative"] - b["p_manipulative"]) < 0.1
        assert all(text[span["start"] : span["end"]] == span["quote"] for span in a["spans"])
        if not any(c.isalnum() for c in text):
            assert a == b
            assert a["label"] == "none"
    again = [both[0].predict(texts).to_pylist() for _ in range(2)]
    assert again[0] == again[1] == ours.to_pylist()


def test_what_an_export_is_comes_back_from_its_entry() -> None:
    for export_ in (Export(b"a\nb", True, Rounding(0.5, 0.25)), Export(b"", False)):
        assert Export.unpacked(export_.packed()) == export_


@pytest.mark.parametrize(
    ("machine", "flags", "bits"),
    [("x86_64", "fpu avx2", 7), ("x86_64", "fpu avx512_vnni", 8), ("x86_64", "avx_vnni", 8), ("aarch64", "", 8)],
)
def test_weights_have_7_bits_where_products_would_saturate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, machine: str, flags: str, bits: int
) -> None:
    monkeypatch.setattr("platform.machine", lambda: machine)
    file = tmp_path / "cpuinfo"
    file.write_text(f"flags : {flags}\n", encoding="utf-8")
    assert weight_bits(file) == bits
    if machine == "x86_64":
        assert weight_bits(tmp_path / "none") == 7


def test_weights_of_7_bits_are_computed_as_well(tiny: Path) -> None:
    opened = classifiers.load(tiny, runtime="torch")
    batches = probes(opened.encoder)
    exact = TorchEngine(opened.network)
    roundings = [
        measured(OnnxEngine(export.exported(opened.network, batches, weight_bits=bits)), exact, batches)
        for bits in (7, 8)
    ]
    # On a network as small as this one both round so little that chance says which does less, of one output above all.
    off = [float(np.hypot(rounding.call, rounding.manipulative)) for rounding in roundings]
    assert max(off) < 0.3
    assert off[1] <= 3 * off[0]


def test_engines_have_identities_of_their_own(tiny: Path) -> None:
    ours, theirs = (classifiers.load(tiny, runtime=runtime) for runtime in ("onnx", "torch"))
    assert ours.engine.identity != theirs.engine.identity
    assert ours.basis != theirs.basis
    assert ours.basis == classifiers.load(tiny, runtime="onnx").basis
    other = theirs.settings.model_copy(update={"prefix": "another "})
    assert theirs.with_settings(other).basis != theirs.basis


def test_many_writers_of_one_entry_leave_a_whole_one(tmp_path: Path) -> None:
    file, content = tmp_path / "deep" / "entry", os.urandom(200_000)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write_entry(file, content), range(24)))
    assert read_entry(file) == content
    assert [entry.name for entry in file.parent.iterdir()] == ["entry"]
