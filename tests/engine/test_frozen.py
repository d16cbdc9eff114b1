"""A frozen class is what the standard decorator makes of the same text, and costs little to declare."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, dataclass, field, fields, is_dataclass, replace
from typing import Any, ClassVar

import pytest

from rung_engine import frozen as module
from rung_engine.artifact.model import Certificate, Number, Range
from rung_engine.frozen import frozen


@dataclass(frozen=True, slots=True)
class Standard:
    """As the library makes it."""

    kind: ClassVar[str] = "a"
    name: str
    size: int = 3
    parts: tuple[int, ...] = ()
    path: str = field(default="", compare=False)
    notes: list[str] = field(default_factory=list, compare=False)

    def doubled(self) -> int:
        return 2 * self.size


@frozen
class Ours:
    """The same text."""

    kind: ClassVar[str] = "a"
    name: str
    size: int = 3
    parts: tuple[int, ...] = ()
    path: str = field(default="", compare=False)
    notes: list[str] = field(default_factory=list, compare=False)

    def doubled(self) -> int:
        return 2 * self.size


@frozen
class Nothing:
    pass


@frozen
class One:
    only: int


@frozen
class Below(Ours):
    more: int = 1


@frozen
class BelowStandard(Standard):
    more: int = 1


@dataclass(frozen=True, slots=True)
class StandardBelow(Ours):
    more: int = 1


@frozen
class Checked:
    size: int

    def __post_init__(self) -> None:
        if self.size < 0:
            raise ValueError("less than nothing")


CALLS: tuple[tuple[tuple[Any, ...], dict[str, Any]], ...] = (
    (("a",), {}),
    (("a", 4), {}),
    (("a", 3, (1, 2)), {}),
    ((), {"name": "a", "path": "x"}),
    (("b", 3, (), "y"), {"notes": ["n"]}),
)


def test_objects_are_alike_where_the_standard_ones_are() -> None:
    ours = [Ours(*values, **named) for values, named in CALLS]
    standard = [Standard(*values, **named) for values, named in CALLS]
    for a, x in zip(ours, standard, strict=True):
        assert repr(a) == repr(x).replace("Standard", "Ours")
        assert hash(a) == hash(x)
        assert (a.kind, a.doubled(), a.notes) == (x.kind, x.doubled(), x.notes)
        for b, y in zip(ours, standard, strict=True):
            assert (a == b, a != b) == (x == y, x != y)
    assert ours[0] != object()
    assert ours[0].__eq__(standard[0]) is NotImplemented
    assert Ours("a") == Ours("a", path="elsewhere")
    assert len(set(ours)) == len(set(standard))


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), (("a", 1, (), "", [], 6), {}), (("a",), {"name": "b"}), (("a",), {"z": 1})],
)
def test_a_wrong_call_is_refused_as_the_standard_one_is(values: Any, named: Any) -> None:
    for cls in (Standard, Ours):
        with pytest.raises(TypeError):
            cls(*values, **named)


def test_nothing_of_an_object_can_be_changed() -> None:
    found = Ours("a")
    for name in ("name", "other"):
        with pytest.raises(FrozenInstanceError):
            setattr(found, name, "b")
    with pytest.raises(FrozenInstanceError):
        del found.name
    assert not hasattr(found, "__dict__")
    with pytest.raises(AttributeError):
        object.__setattr__(found, "other", 1)


def test_dataclasses_knows_it() -> None:
    found = Ours("a", notes=["n"])
    assert list(map(is_dataclass, (Ours, Below, found, Number))) == [True] * 4
    assert [one.name for one in fields(Ours)] == [one.name for one in fields(Standard)]
    assert replace(found, size=9) == Ours("a", 9)
    assert replace(found, size=9).notes is found.notes
    assert dataclasses.asdict(found) == dataclasses.asdict(Standard("a", notes=["n"]))
    assert Ours.__match_args__ == Standard.__match_args__
    match found:
        case Ours(name, 3):
            assert name == "a"
        case _:
            pytest.fail("not matched")


@pytest.mark.parametrize("found", [Ours("a", 4, (1,), "p", ["n"]), Nothing(), One(1), Below("a", more=2)])
def test_it_is_copied_and_pickled(found: Any) -> None:
    for other in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert other == found and repr(other) == repr(found)


def test_a_list_of_an_object_is_its_own() -> None:
    first, second = Ours("a"), Ours("a")
    first.notes.append("n")
    assert second.notes == []
    one, other = Certificate(), Certificate()
    one.tools["rung"] = "1"
    assert other.tools == {}


def test_classes_stand_above_and_below_each_other_and_the_standard_ones() -> None:
    for cls in (Below, BelowStandard, StandardBelow):
        found = cls("a", 4, (1,), "p", ["n"], 7)
        assert (found.name, found.size, found.more, found.notes) == ("a", 4, 7, ["n"])
        assert found == cls("a", 4, (1,), "q", [], 7) != cls("a", 4, (1,), "p", ["n"], 8)
        assert [one.name for one in fields(cls)][-1] == "more"
    Ours("first")
    assert Below("a") != Ours("a") and Below("a").more == 1
    assert Nothing() == Nothing() and hash(Nothing()) == hash(Nothing())
    assert One(1) != One(2) and repr(Nothing()) == "Nothing()"


def test_what_is_to_follow_the_making_follows() -> None:
    assert Checked(1).size == 1
    with pytest.raises(ValueError, match="less than nothing"):
        Checked(-1)


def test_a_part_of_an_artifact_is_made_by_names() -> None:
    one = Number(millionths=1, unit="mg")
    assert one == Number(unit="mg", millionths=1) and hash(one) == hash(Number(millionths=1, unit="mg"))
    two = Number(millionths=2, unit="mg")
    assert Range(lo=one, hi=one).model_copy(update={"hi": two}) == Range(lo=one, hi=two)
    assert Range(lo=one, hi=one).model_dump()["lo"] == {"millionths": 1, "unit": "mg"}
    with pytest.raises(TypeError):
        Number(1, "mg")  # type: ignore[call-arg]
    with pytest.raises(FrozenInstanceError):
        one.unit = "g"  # type: ignore[misc]


def test_no_constructor_is_compiled_before_the_first_object(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []
    real = module._constructor

    def noted(cls: Any) -> Any:
        made.append(cls.__name__)
        return real(cls)

    monkeypatch.setattr(module, "_constructor", noted)

    @frozen
    class Late:
        part: int

    assert made == []
    assert [Late(1).part, Late(2).part] == [1, 2]
    assert made == ["Late"]
