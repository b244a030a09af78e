"""A dataclass changed by what a test sends as JSON, with a word on every mistake in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Instance = TypeVar("Instance", bound=DataclassInstance)


def merged(base: Instance, given: Mapping[str, Any]) -> Instance:
    """A copy of `base`; ValueError for a field it lacks or a value unlike the one it has."""
    known = {field.name for field in fields(base)}
    for name in given:
        if name not in known:
            raise ValueError(f"{name!r} is none of {', '.join(sorted(known))}")
    return replace(base, **{name: _like(name, getattr(base, name), value) for name, value in given.items()})


def _like(name: str, present: object, value: Any) -> Any:
    """A field that is None takes anything, a float an int, a tuple a list."""
    if present is None:
        return value
    if isinstance(present, tuple) and isinstance(value, list):
        return tuple(value)
    if isinstance(present, float) and type(value) is int:
        return float(value)
    if type(value) is not type(present):
        raise ValueError(f"{name!r} is to be of type {type(present).__name__}")
    return value
