"""Something else in any place of a document."""

from typing import Any


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place of a document where something else could stand."""
    found = [path]
    if isinstance(value, dict):
        for name, inner in value.items():
            found += places(inner, (*path, name))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            found += places(inner, (*path, number))
    return found


def spoiled(value: Any, path: tuple[Any, ...], other: Any) -> Any:
    """The document with something else at one place."""
    if not path:
        return other
    if isinstance(value, dict):
        return {name: spoiled(each, path[1:], other) if name == path[0] else each for name, each in value.items()}
    return [spoiled(each, path[1:], other) if number == path[0] else each for number, each in enumerate(value)]
