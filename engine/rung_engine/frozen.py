"""Frozen data with slots, declared at little cost: a class is finished when the first object of it is made.

`dataclass(frozen=True, slots=True)` writes and compiles six methods when a class is declared, a millisecond
each time. A language has hundreds of such classes and a command meets a few dozen of them; declared in that
way they were a third of a second of every start. Here a declaration makes the slots, all classes share their
methods, and a constructor is compiled with the first object.

The result is a dataclass to `dataclasses` (`fields`, `replace`), to pattern matching and to type checkers.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, field
from operator import attrgetter
from typing import Any, NoReturn, TypeVar, dataclass_transform

_T = TypeVar("_T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[_T]) -> type[_T]:
    """The class with its annotations as slots, as `dataclass(frozen=True, slots=True)` would have it."""
    body = {name: value for name, value in vars(cls).items() if name not in ("__dict__", "__weakref__")}
    metaclass: Any = type(cls)
    made: type[_T] = metaclass(cls.__name__, cls.__bases__, declared(body, cls.__bases__))
    made.__qualname__ = cls.__qualname__
    return made


def declared(body: Mapping[str, Any], bases: tuple[type, ...], *, by_name: bool = False) -> dict[str, Any]:
    """What a frozen class consists of, from what was written in it. Annotations must be kept as text.

    `by_name`: its constructor takes names only. Of `field` the default, its factory and `compare` are heeded.
    """
    made = {**_METHODS, **body}
    fields: dict[str, Field[Any]] = {}
    for base in reversed(bases):
        if dataclasses.is_dataclass(base):
            fields.update((own.name, own) for own in dataclasses.fields(base))
    slots: list[str] = []
    for name, annotation in body.get("__annotations__", {}).items():
        if annotation.startswith("ClassVar"):
            continue
        default = made.pop(name, MISSING)
        own: Any = default if isinstance(default, Field) else field(default=default)
        own.name, own.type, own.kw_only, own._field_type = name, annotation, by_name, _KIND
        if name not in fields:
            slots.append(name)
        fields[name] = own
    compared = [own.name for own in fields.values() if own.compare]
    made["__slots__"] = tuple(slots)
    made["__match_args__"] = () if by_name else tuple(fields)
    made["__dataclass_fields__"] = fields
    made["__dataclass_params__"] = _PARAMETERS
    made["__compared__"] = attrgetter(*compared) if compared else _nothing
    return made


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One that the standard decorator makes, for what `dataclasses` writes into a class for itself."""

    part: object


_PARAMETERS: Any = getattr(_Pattern, "__dataclass_params__")  # noqa: B009
_KIND: Any = getattr(dataclasses.fields(_Pattern)[0], "_field_type")  # noqa: B009


def _nothing(_: object) -> tuple[()]:
    return ()


# ---------------------------------------------------------------- the constructor


def _first(self: object, *values: object, **named: object) -> None:
    """Stands in the constructor's place until there is one."""
    cls: Any = type(self)
    cls.__init__ = _constructor(cls)
    cls.__init__(self, *values, **named)


def _constructor(cls: Any) -> Callable[..., None]:
    scope: dict[str, Any] = {"_missing": MISSING}
    head, lines = ["self"], []
    for own in cls.__dataclass_fields__.values():
        name = own.name
        scope[f"_set_{name}"] = getattr(cls, name).__set__
        if own.kw_only and "*" not in head:
            head.append("*")
        make = own.default_factory
        if type(own.default) in (dict, list, set):
            make = own.default.copy  # one for each object
        if make is not MISSING:
            scope[f"_make_{name}"] = make
            head.append(f"{name}=_missing")
            lines.append(f" if {name} is _missing: {name} = _make_{name}()")
        elif own.default is not MISSING:
            scope[f"_default_{name}"] = own.default
            head.append(f"{name}=_default_{name}")
        else:
            head.append(name)
        lines.append(f" _set_{name}(self, {name})")
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    exec("\n".join((f"def __init__({', '.join(head)}):", *(lines or [" pass"]))), scope)
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    return made


# ---------------------------------------------------------------- what all classes share


def _set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


def _equal(self: object, other: object) -> Any:
    cls: Any = type(self)
    if type(other) is not type(self):
        return NotImplemented
    return cls.__compared__(self) == cls.__compared__(other)


def _hash(self: object) -> int:
    cls: Any = type(self)
    return hash(cls.__compared__(self))


def _repr(self: Any) -> str:
    parts = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__dataclass_fields__)
    return f"{self.__class__.__qualname__}({parts})"


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__dataclass_fields__]


def _restore(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__dataclass_fields__, state, strict=True):
        object.__setattr__(self, name, value)


_METHODS: Mapping[str, Any] = {
    "__init__": _first,
    "__setattr__": _set,
    "__delattr__": _delete,
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__getstate__": _state,
    "__setstate__": _restore,
}
