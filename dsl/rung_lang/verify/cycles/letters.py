"""What somebody at the bedside would chart on an instant of a candidate: readings, rates, what the site
chose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.event import Charted
from rung_engine.event import Value as Read
from rung_engine.frozen import frozen
from rung_engine.program import BODY_WEIGHT, MILLION, Program
from rung_lang.verify.cycles.obeyed import Letter
from rung_lang.verify.formulas.formula import Value

Named = Callable[[str], str]
"""What a variable is called on the instant."""


def chosen(artifact: m.Artifact, program: Program, values: Mapping[str, Value]) -> dict[str, m.Number | str]:
    """What the site chose: what differs from the default, and all that has none."""
    found: dict[str, m.Number | str] = {}
    for name, decl in sorted(artifact.settings.items()):
        value = _setting(program, name, decl, values)
        if value != decl.value:
            found[name] = value
    return found


def _setting(program: Program, name: str, decl: m.SettingDecl, values: Mapping[str, Value]) -> m.Number | str:
    if decl.kind != "quantity":
        choices = decl.choices or ("yes", "no")
        said = [one for one in choices if values.get(f"set:{name}={one}") is True]
        if said:
            return said[0]
        if not decl.choices and values.get(f"set:{name}=yes") is False:
            return "no"
        return decl.value if isinstance(decl.value, str) else choices[0]
    written = decl.value if isinstance(decl.value, m.Number) else decl.lo
    assert written is not None
    value = values.get(f"set:{name}")
    if not isinstance(value, Fraction):
        return written
    return m.Number(millionths=_millionths(program, value, written.unit), unit=written.unit)


def _millionths(program: Program, value: Fraction, unit: str) -> int:
    """To the nearest; what that changes shows when it is played."""
    found = program.units[unit]
    return round((value - found.offset) / found.factor * MILLION)


@frozen
class Chartist:
    """Reads values as a chart would say them. `named` tells the variables of an instant."""

    program: Program
    values: Mapping[str, Value]
    named: Named

    def letter(self) -> Letter:
        """What all readings say."""
        found: dict[str, Read] = {}
        known: set[str] = set()
        for name, decl in sorted(self.program.artifact.inputs.items()):
            read = self._read(name, decl)
            if read is not None:
                found[name] = read
                if self._value(f"known:{name}") is True:
                    known.add(name)
        return Letter(found, frozenset(known))

    def rates(self) -> Iterator[tuple[str, Charted]]:
        """Each infusion that runs, and how fast."""
        for name, decl in sorted(self.program.artifact.drugs.items()):
            if decl.form != "infusion" or self._value(f"on:{name}") is not True:
                continue
            unit = decl.unit
            if self._value(f"charted_own:{name}") is False:
                own = self.program.units[unit].dims
                unit = next(one for one in decl.accepts if self.program.units[one].dims != own)
            per_kg = dict(self.program.units[unit].dims).get(BODY_WEIGHT, 0) < 0
            rate = self._value(f"rate:{name}" + ("/kg" if per_kg else ""))
            if not isinstance(rate, Fraction) or rate <= 0:
                start = decl.start
                rate = (
                    self.program.units[unit].factor if start is None else self.program.amount(start.lo).value
                )
            yield name, Charted(_millionths(self.program, rate, unit), unit)

    def _value(self, name: str) -> Value | None:
        return self.values.get(self.named(name))

    def _read(self, name: str, decl: m.InputDecl) -> Read | None:
        """None where the value plays no part and no plain one is at hand."""
        match decl.kind:
            case "quantity":
                assert decl.unit is not None
                value = self._value(f"in:{name}")
                if isinstance(value, Fraction):
                    return Charted(_millionths(self.program, value, decl.unit), decl.unit)
                plain = decl.normal if decl.normal is not None else None
                if plain is None and decl.plausible is not None and isinstance(decl.plausible.lo, m.Number):
                    plain = decl.plausible.lo
                return None if plain is None else Charted(plain.millionths, plain.unit)
            case "graded":
                value = self._value(f"in:{name}")
                return decl.values[int(value) if isinstance(value, Fraction) else 0]
            case "flag":
                return self._value(f"in:{name}=yes") is True
            case "one_of":
                return next(iter(self._held(name, decl)), decl.values[0])
            case "any_of":
                held = frozenset(self._held(name, decl))
                plain_none = not held and "none" in decl.values and self._value(f"in:{name}=none") is None
                return frozenset({"none"}) if plain_none else held

    def _held(self, name: str, decl: m.InputDecl) -> tuple[str, ...]:
        return tuple(one for one in decl.values if self._value(f"in:{name}={one}") is True)
