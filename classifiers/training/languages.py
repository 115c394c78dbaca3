from classifiers.examples import fraction


def is_held_out(text: str) -> bool:
    return fraction("lang/" + text) < 0.2
