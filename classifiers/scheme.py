"""The label scheme: two independent axes (call, manipulation) and the one label that is derived from them."""

from collections.abc import Sequence
from typing import Literal

Call = Literal["none", "promotion", "call"]
Label = Literal["none", "positive", "manipulative", "undetermined"]

CALLS: tuple[Call, ...] = ("none", "promotion", "call")
LABELS: tuple[Label, ...] = ("none", "positive", "manipulative", "undetermined")
CALL_TYPES: tuple[str, ...] = (
    "attend",
    "donate",
    "volunteer",
    "vote_sign",
    "boycott_strike",
    "contact_report",
    "amplify",
    "enlist_join",
    "comply_prepare",
    "violence",
    "other",
)
TECHNIQUES: tuple[str, ...] = (
    "appeal_to_fear",
    "bandwagon",
    "cherry_picking",
    "cliche",
    "euphoria",
    "fud",
    "glittering_generalities",
    "loaded_language",
    "straw_man",
    "whataboutism",
)
#: What a span of the words that carry a call has in place of a technique.
CALL_SPAN = "call"


def derive_label(
    p_call: float,
    p_manipulative: float,
    techniques_with_span: Sequence[str],
    *,
    call_at: float,
    call_unsure_at: float,
    manipulative_at: float,
    positive_below: float,
) -> Label:
    """Derive the one label of a post from its two axes.

    Parameters
    ----------
    p_call
        Calibrated probability of a call, in [0, 1].
    p_manipulative
        Calibrated probability of manipulation given a call, in [0, 1].
    techniques_with_span
        Techniques for which a verbatim span of the text was found.
    call_at, call_unsure_at
        A post is a call from `call_at` on; between `call_unsure_at` and `call_at` it cannot be told.
    manipulative_at, positive_below
        A call is manipulative from `manipulative_at` on (and only with a span), positive below `positive_below`.

    Returns
    -------
    Label
        `none` whatever the manipulation is where there is no call: a technique without a call is listed, not labelled.
    """
    if p_call < call_unsure_at:
        return "none"
    if p_call < call_at:
        return "undetermined"
    if p_manipulative >= manipulative_at:
        return "manipulative" if techniques_with_span else "undetermined"
    return "positive" if p_manipulative < positive_below else "undetermined"
