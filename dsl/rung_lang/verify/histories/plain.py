"""What a plain patient is like, of those that stay as they are: for a candidate that is to be shown to
somebody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction

from rung_engine.artifact import model as m
from rung_engine.frozen import frozen
from rung_engine.program import MILLION
from rung_lang.verify.cycles.constant import Constant, noise_of
from rung_lang.verify.formulas import formula as f
from rung_lang.verify.formulas.formula import Formula, Linear


@frozen
class Plain:
    """Of these instants of one patient."""

    artifact: m.Artifact
    patient: Constant
    instants: Sequence[str]

    def wishes(self) -> Iterator[Formula]:
        """Settings at their defaults, as few readings as can be, drugs off, values on their grid and
        normal.
        """
        yield from self._defaults()
        inputs = sorted(self.artifact.inputs.items())
        for name, decl in inputs:
            if decl.kind == "quantity" and decl.step is not None:
                yield from self._on_grid(name, decl)
        for name, _ in inputs:
            for symbol in self._all(f"known:{name}"):
                yield f.negation(f.boolean(symbol))
        for name in sorted(self.artifact.drugs):
            for symbol in self._all(f"on:{name}"):
                yield f.negation(f.boolean(symbol))
        for name, decl in inputs:
            yield from self._normal(name, decl)
            yield from self._steady(name, decl)

    def charted(self) -> Iterator[Formula]:
        """Of every drug it is known whether it runs."""
        for name in sorted(self.artifact.drugs):
            for symbol in self._all(f"off:{name}"):
                yield f.any_of((f.boolean(symbol), f.boolean(symbol.replace("off:", "on:"))))

    def _all(self, name: str) -> tuple[str, ...]:
        """The variable at each instant at which something speaks of it."""
        known = self.patient.space.variables
        found = (self.patient.known_as(instant, name) for instant in self.instants)
        return tuple(one for one in dict.fromkeys(found) if one in known)

    def _defaults(self) -> Iterator[Formula]:
        known = self.patient.space.variables
        for name, decl in sorted(self.artifact.settings.items()):
            if isinstance(decl.value, m.Number) and f"set:{name}" in known:
                value = self.patient.program.number(decl.value).value
                yield f.compare(f.variable(f"set:{name}"), "=", f.number(value))
            if decl.kind == "quantity" and f"set:{name}" in known:
                yield self._in_steps(f"set:{name}", [decl.value, decl.lo, decl.hi])
            if isinstance(decl.value, str) and f"set:{name}={decl.value}" in known:
                yield f.boolean(f"set:{name}={decl.value}")
            elif decl.value == "no" and f"set:{name}=yes" in known:
                yield f.negation(f.boolean(f"set:{name}=yes"))

    def _in_steps(self, symbol: str, written: Sequence[object]) -> Formula:
        """A whole number of steps in which its own bounds are written: 0.01 where one of them is 0.05."""
        numbers = [one for one in written if isinstance(one, m.Number)]
        step = MILLION
        while any(number.millionths % step for number in numbers):
            step //= 10
        unit = self.patient.program.units[numbers[0].unit]
        count = self.patient.space.whole(
            f"{self.patient.tag}{symbol}:steps", ("steps", symbol), self.patient.tag
        )
        whole = count.times(Fraction(step, MILLION) * unit.factor).plus(f.number(unit.offset))
        return f.compare(f.variable(symbol), "=", whole)

    def _on_grid(self, name: str, decl: m.InputDecl) -> Iterator[Formula]:
        """A whole number of steps of the monitor, the patient's own value too."""
        assert decl.step is not None and decl.unit is not None
        program, space = self.patient.program, self.patient.space
        step = Fraction(decl.step.millionths, MILLION) * program.units[decl.step.unit].factor
        start = f.number(program.units[decl.unit].offset)
        values: list[tuple[str, Linear]] = [
            (symbol, f.variable(symbol)) for symbol in self._all(f"in:{name}")
        ]
        if values and noise_of(program, name):
            values.append((f"{self.patient.tag}held:{name}", self.patient.value(name)))
        for symbol, value in values:
            count = space.whole(f"{symbol}:steps", ("steps", name), self.patient.tag)
            yield f.compare(value, "=", count.times(step).plus(start))

    def _steady(self, name: str, decl: m.InputDecl) -> Iterator[Formula]:
        """As it is, or a step beside."""
        if decl.kind != "quantity" or not noise_of(self.patient.program, name):
            return
        step = decl.step if decl.step is not None else decl.noise
        assert step is not None
        beside = f.number(Fraction(step.millionths, MILLION) * self.patient.program.units[step.unit].factor)
        held = self.patient.value(name)
        for symbol in self._all(f"in:{name}"):
            value = f.variable(symbol)
            yield f.compare(value, "=", held)
            yield f.all_of(
                (f.compare(held.minus(beside), "<=", value), f.compare(value, "<=", held.plus(beside)))
            )

    def _normal(self, name: str, decl: m.InputDecl) -> Iterator[Formula]:
        if decl.kind == "quantity" and decl.normal is not None:
            normal = f.number(self.patient.program.number(decl.normal).value)
            for symbol in self._all(f"in:{name}"):
                yield f.compare(f.variable(symbol), "=", normal)
        elif decl.kind == "graded":
            for symbol in self._all(f"in:{name}"):
                yield f.compare(f.variable(symbol), "=", f.number(0))
        elif decl.kind != "quantity":
            for value in ("yes",) if decl.kind == "flag" else decl.values:
                for symbol in self._all(f"in:{name}={value}"):
                    yield f.negation(f.boolean(symbol))
