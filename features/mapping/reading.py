"""Plain options of a mapping's declaration: a text, a list of texts."""

from features.located import Located


def text(held: Located | None, of: str, *, default: str) -> str:
    """A text that is not empty, or the default. Parameters: `of`, what it is, for errors."""
    if held is None:
        return default
    if not isinstance(held.value, str) or not held.value:
        held.fail(f"{of} must be a text, given {held.plain()!r}")
    return str(held.value)


def texts(held: Located | None, of: str) -> tuple[str, ...]:
    """A text or a list of texts; () where it is not given."""
    if held is None:
        return ()
    items = held.value if isinstance(held.value, list) else [held]
    for item in items:
        if not isinstance(item.value, str):
            item.fail(f"{of} must be a text or a list of texts, given {held.plain()!r}")
    return tuple(item.value for item in items)
