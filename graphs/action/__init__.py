"""Activity online against action: whom calls to act engage, and what people did, where somebody counted it."""

from graphs.action.compare import compare_action
from graphs.action.rows import ACTION_SCHEMA, MEASURES

__all__ = ["ACTION_SCHEMA", "MEASURES", "compare_action"]
