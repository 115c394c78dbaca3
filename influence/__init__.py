"""Reach of opinion leaders against traditional media, and positive or manipulative mobilisation, measured.

`from influence import Study` is the way in; the command line calls the same functions.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influence.study import Study

__all__ = ["Study", "__version__"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    # Loaded on first use: `influence --help` must not wait for Arrow and the engine.
    if name == "Study":
        from influence.study import Study

        return Study
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
