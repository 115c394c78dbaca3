"""The one label follows from the two axes as the definition says."""

from hypothesis import given
from hypothesis import strategies as st

from classifiers import CALL_TYPES, LABELS, TECHNIQUES, derive_label

probability = st.floats(0, 1)
thresholds = st.tuples(probability, probability, probability, probability)
spans = st.lists(st.sampled_from(TECHNIQUES), max_size=3)


def label(p_call: float, p_manipulative: float, found: list[str], four: tuple[float, float, float, float]) -> str:
    """A label with thresholds in their proper order."""
    unsure_at, call_at = sorted(four[:2])
    positive_below, manipulative_at = sorted(four[2:])
    return derive_label(
        p_call,
        p_manipulative,
        found,
        call_at=call_at,
        call_unsure_at=unsure_at,
        manipulative_at=manipulative_at,
        positive_below=positive_below,
    )


@given(probability, probability, spans, thresholds)
def test_label_is_one_of_the_scheme(
    p_call: float, p_manipulative: float, found: list[str], four: tuple[float, float, float, float]
) -> None:
    assert label(p_call, p_manipulative, found, four) in LABELS


@given(probability, probability, spans, thresholds)
def test_no_call_is_none_whatever_the_manipulation(
    p_call: float, p_manipulative: float, found: list[str], four: tuple[float, float, float, float]
) -> None:
    if p_call < min(four[:2]):
        assert label(p_call, p_manipulative, found, four) == "none"


@given(probability, probability, thresholds)
def test_manipulative_needs_a_span(
    p_call: float, p_manipulative: float, four: tuple[float, float, float, float]
) -> None:
    assert label(p_call, p_manipulative, [], four) != "manipulative"


@given(probability, spans, thresholds)
def test_more_manipulation_never_makes_a_post_more_open(
    p_call: float, found: list[str], four: tuple[float, float, float, float]
) -> None:
    order = {"positive": 0, "undetermined": 1, "manipulative": 2, "none": 0}
    found = found or ["fud"]
    steps = [order[label(p_call, p / 20, found, four)] for p in range(21)]
    assert steps == sorted(steps)


def test_the_table_of_the_definition() -> None:
    usual = (0.4, 0.6, 0.3, 0.7)
    assert label(0.9, 0.1, ["fud"], usual) == "positive"
    assert label(0.9, 0.5, ["fud"], usual) == "undetermined"
    assert label(0.9, 0.9, ["fud"], usual) == "manipulative"
    assert label(0.5, 0.9, ["fud"], usual) == "undetermined"
    assert label(0.1, 0.9, ["fud"], usual) == "none"


def test_names_are_unique() -> None:
    assert len(set(TECHNIQUES)) == 10
    assert len(set(CALL_TYPES)) == 11
