"""Kernels to machine code: a small part of Python, over whole numbers and arrays of them, through LLVM.

A kernel is a plain Python function marked `@kernel`. It may be called as it is, with lists, where nothing
overflows; `Machine` compiles it, with all that it calls, to code that works on int64 arrays. numba compiles
the same functions, but takes minutes for a whole engine of them; this takes seconds, since every value here
has one type. The part of Python: names, whole numbers, `if`, `while`, `for` over `range`, arithmetic,
comparisons, `min`, `max`, `abs`, indexing, calls of kernels, and tuples where they are returned or taken
apart. Whatever else is met is refused by name (`NotNative`), never guessed. Arithmetic is that of Python but
for its size, and for a division by 0, which divides by 1: it wraps at 64 bits, so a kernel that could pass
them asks `numbers`, whose primitives are exact.
"""

from __future__ import annotations

import ast
import ctypes
import inspect
import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Protocol, TypeVar

Made = TypeVar("Made", bound=Callable[..., Any])

LARGE = 120
"""Lines of LLVM from which on a kernel is compiled once, apart from its callers."""

_WIDTHS: dict[Callable[..., Any], Mapping[str, int]] = {}
"""Kernels; by parameter that is an array of something else than int64, its bits."""
_PRIMITIVES: dict[Callable[..., Any], Sequence[str]] = {}
"""Kernels whose machine code is written by hand, as lines of LLVM."""


class NotNative(ValueError):  # noqa: N818 - it names a fact about the function
    """The function is not of the part of Python that compiles; says what, and where."""


def kernel(made: Made) -> Made:
    """Marks a function as a kernel. Parameters in capitals are arrays of int64."""
    _WIDTHS[made] = {}
    return made


def kernel_of(**widths: int) -> Callable[[Made], Made]:
    """The same; the named parameters are arrays of integers of so many bits."""

    def mark(made: Made) -> Made:
        _WIDTHS[made] = widths
        return made

    return mark


def primitive(*lines: str) -> Callable[[Made], Made]:
    """Marks a kernel whose body in LLVM is given; parameters are %0, %1 and so on."""

    def mark(made: Made) -> Made:
        _WIDTHS[made] = {}
        _PRIMITIVES[made] = lines
        return made

    return mark


# ---------------------------------------------------------------- one function


@dataclass(slots=True)
class _Signature:
    symbol: str
    parameters: tuple[str, ...]
    results: int
    """How many numbers it returns."""


@dataclass(slots=True)
class _Value:
    """A number (`i64`) or a truth (`i1`) in a register, or a constant."""

    text: str
    is_truth: bool = False


@dataclass(slots=True)
class _Loop:
    again: str
    out: str


@dataclass(slots=True)
class _Writer:
    """Writes one function."""

    name: str
    globals: Mapping[str, Any]
    widths: Mapping[str, int]
    call: Callable[[Callable[..., Any]], _Signature]
    parameters: tuple[str, ...]
    results: int
    known: Mapping[str, Sequence[int]] = field(default_factory=dict)
    """By array, what it begins with."""
    lines: list[str] = field(default_factory=list)
    slots: dict[str, str] = field(default_factory=dict)
    count: int = 0
    loops: list[_Loop] = field(default_factory=list)
    closed: bool = False
    """The present block has its last instruction."""

    # -- registers and blocks

    def new(self) -> str:
        self.count += 1
        return f"%r{self.count}"

    def label(self) -> str:
        self.count += 1
        return f"b{self.count}"

    def emit(self, line: str) -> None:
        if not self.closed:
            self.lines.append(f"  {line}")

    def value(self, line: str, *, is_truth: bool = False) -> _Value:
        name = self.new()
        self.emit(f"{name} = {line}")
        return _Value(name, is_truth)

    def open(self, label: str) -> None:
        if not self.closed:
            self.lines.append(f"  br label %{label}")
        self.lines.append(f"{label}:")
        self.closed = False

    def jump(self, label: str) -> None:
        self.emit(f"br label %{label}")
        self.closed = True

    def branch(self, test: _Value, yes: str, no: str) -> None:
        self.emit(f"br i1 {self.truth(test).text}, label %{yes}, label %{no}")
        self.closed = True

    def truth(self, value: _Value) -> _Value:
        return value if value.is_truth else self.value(f"icmp ne i64 {value.text}, 0", is_truth=True)

    def number(self, value: _Value) -> _Value:
        return self.value(f"zext i1 {value.text} to i64") if value.is_truth else value

    def slot(self, name: str) -> str:
        """Where a local variable lives; LLVM makes registers of them."""
        if name not in self.slots:
            self.slots[name] = f"%v_{name}"
        return self.slots[name]

    def refuse(self, node: ast.AST, why: str = "") -> NotNative:
        line = getattr(node, "lineno", 0)
        return NotNative(f"{self.name}, line {line}: {type(node).__name__} {why}".strip())

    # -- statements

    def body(self, statements: Iterable[ast.stmt]) -> None:
        for statement in statements:
            if not self.closed:
                self.statement(statement)

    def statement(self, node: ast.stmt) -> None:
        match node:
            case ast.Expr(value=ast.Constant()):
                pass
            case ast.Expr(value=ast.Call() as call):
                self.called(call)
            case ast.Assign():
                values = self.several(node.value)
                for target in node.targets:
                    self.assign(target, values)
            case ast.AugAssign():
                new = self.arithmetic(node, self.one(node.target), node.op, self.one(node.value))
                self.assign(node.target, [new])
            case ast.Return():
                values = [self.number(value) for value in self.several(node.value)] if node.value else []
                if len(values) != self.results:
                    raise self.refuse(node, "returns another count of values")
                self.give(values)
            case ast.If():
                self.choose(node)
            case ast.While():
                self.loop(node)
            case ast.For():
                self.each(node)
            case ast.Break():
                self.jump(self.loops[-1].out)
            case ast.Continue():
                self.jump(self.loops[-1].again)
            case ast.Pass():
                pass
            case _:
                raise self.refuse(node)

    def give(self, values: Sequence[_Value]) -> None:
        if not values:
            self.emit("ret void")
        elif len(values) == 1:
            self.emit(f"ret i64 {values[0].text}")
        else:
            kind = _kind(len(values))
            made = "undef"
            for place, value in enumerate(values):
                made = self.value(f"insertvalue {kind} {made}, i64 {value.text}, {place}").text
            self.emit(f"ret {kind} {made}")
        self.closed = True

    def assign(self, target: ast.expr, values: Sequence[_Value]) -> None:
        match target:
            case ast.Tuple():
                if len(target.elts) != len(values):
                    raise self.refuse(target, "takes apart another count of values")
                for part, value in zip(target.elts, values, strict=True):
                    self.assign(part, [value])
            case ast.Name() if len(values) == 1:
                if target.id in self.parameters and self.is_array(target.id):
                    raise self.refuse(target, "assigns to an array")
                self.emit(f"store i64 {self.number(values[0]).text}, ptr {self.slot(target.id)}")
            case ast.Subscript() if len(values) == 1:
                value = self.number(values[0])
                place, bits = self.place(target)
                if bits != 64:
                    raise self.refuse(target, "writes to an array of small numbers")
                self.emit(f"store i64 {value.text}, ptr {place}, !alias.scope !1")
            case _:
                raise self.refuse(target)

    def choose(self, node: ast.If) -> None:
        constant = self.constant(node.test)
        if constant is not None:
            self.body(node.body if constant else node.orelse)
            return
        yes, out = self.label(), self.label()
        no = self.label() if node.orelse else out
        self.branch(self.one(node.test), yes, no)
        self.open(yes)
        self.body(node.body)
        done = self.closed
        if not self.closed:
            self.jump(out)
        if node.orelse:
            self.lines.append(f"{no}:")
            self.closed = False
            self.body(node.orelse)
            done = done and self.closed
            if not self.closed:
                self.jump(out)
            if done:
                return
        self.lines.append(f"{out}:")
        self.closed = False

    def loop(self, node: ast.While) -> None:
        again, inside, out = self.label(), self.label(), self.label()
        self.open(again)
        if self.constant(node.test):
            self.jump(inside)
        else:
            self.branch(self.one(node.test), inside, out)
        self.lines.append(f"{inside}:")
        self.closed = False
        self.loops.append(_Loop(again, out))
        self.body(node.body)
        self.loops.pop()
        if not self.closed:
            self.jump(again)
        self.lines.append(f"{out}:")
        self.closed = False

    def each(self, node: ast.For) -> None:
        match node.iter:
            case ast.Call(func=ast.Name(id="range"), args=parts) if 1 <= len(parts) <= 3:
                pass
            case ast.Tuple():
                for part in node.iter.elts:
                    self.assign(node.target, [self.one(part)])
                    self.body(node.body)
                return
            case _:
                raise self.refuse(node, "over something else than a range")
        step = self.constant(parts[2]) if len(parts) == 3 else 1
        if not step or not isinstance(node.target, ast.Name):
            raise self.refuse(node)
        start = self.one(parts[0]) if len(parts) > 1 else _Value("0")
        stop = self.number(self.one(parts[1] if len(parts) > 1 else parts[0]))
        counter = self.slot(f"{node.target.id}_at_{node.lineno}")
        self.emit(f"store i64 {self.number(start).text}, ptr {counter}")
        test, inside, again, out = self.label(), self.label(), self.label(), self.label()
        self.open(test)
        now = self.value(f"load i64, ptr {counter}")
        rel = "slt" if step > 0 else "sgt"
        self.branch(self.value(f"icmp {rel} i64 {now.text}, {stop.text}", is_truth=True), inside, out)
        self.lines.append(f"{inside}:")
        self.closed = False
        self.assign(node.target, [now])
        self.loops.append(_Loop(again, out))
        self.body(node.body)
        self.loops.pop()
        self.open(again)
        next_one = self.value(f"add i64 {self.value(f'load i64, ptr {counter}').text}, {step}")
        self.emit(f"store i64 {next_one.text}, ptr {counter}")
        self.jump(test)
        self.lines.append(f"{out}:")
        self.closed = False

    # -- expressions

    def constant(self, node: ast.expr) -> int | None:
        """The value of an expression that is known when it compiles."""
        match node:
            case ast.Constant(value=bool() | int() as told):
                return int(told)
            case ast.Name() if node.id not in self.slots and node.id not in self.parameters:
                value = self.globals.get(node.id)
                return int(value) if isinstance(value, int) else None
            case ast.Subscript(value=ast.Name(id=array)) if array in self.known:
                at = self.constant(node.slice)
                held = self.known[array]
                return held[at] if at is not None and 0 <= at < len(held) else None
            case ast.UnaryOp(op=ast.USub()):
                inner = self.constant(node.operand)
                return None if inner is None else -inner
            case ast.BinOp():
                one, two = self.constant(node.left), self.constant(node.right)
                if one is None or two is None:
                    return None
                match node.op:
                    case ast.Add():
                        return one + two
                    case ast.Sub():
                        return one - two
                    case ast.Mult():
                        return one * two
                    case ast.LShift():
                        return one << two
                    case ast.RShift():
                        return one >> two
        return None

    def several(self, node: ast.expr) -> list[_Value]:
        match node:
            case ast.Tuple():
                return [self.one(part) for part in node.elts]
            case ast.Call():
                return self.called(node)
            case ast.IfExp() if isinstance(node.body, ast.Tuple):
                return self.either(node)
            case _:
                return [self.one(node)]

    def one(self, node: ast.expr) -> _Value:
        known = self.constant(node)
        if known is not None:
            if not -(1 << 63) <= known < 1 << 63:
                raise self.refuse(node, "is larger than 64 bits")
            return _Value(str(known))
        match node:
            case ast.Name():
                if node.id in self.parameters and self.is_array(node.id):
                    raise self.refuse(node, f"{node.id} is an array")
                if node.id not in self.slots:
                    raise self.refuse(node, f"{node.id} is not known here")
                return self.value(f"load i64, ptr {self.slot(node.id)}")
            case ast.Subscript(value=ast.Call() as call, slice=ast.Constant(value=int(which))):
                return self.called(call)[which]
            case ast.Subscript():
                place, bits = self.place(node)
                if bits == 64:
                    return self.value(f"load i64, ptr {place}")
                small = self.value(f"load i{bits}, ptr {place}")
                return self.value(f"sext i{bits} {small.text} to i64")
            case ast.BinOp():
                return self.arithmetic(node, self.one(node.left), node.op, self.one(node.right))
            case ast.UnaryOp():
                return self.unary(node)
            case ast.Compare():
                return self.compared(node)
            case ast.BoolOp():
                return self.joined(node)
            case ast.IfExp():
                return self.either(node)[0]
            case ast.Call():
                values = self.called(node)
                if len(values) != 1:
                    raise self.refuse(node, "is not one value")
                return values[0]
            case _:
                raise self.refuse(node)

    def is_array(self, name: str) -> bool:
        return name in self.widths or name.isupper()

    def place(self, node: ast.Subscript) -> tuple[str, int]:
        if not isinstance(node.value, ast.Name) or not self.is_array(node.value.id):
            raise self.refuse(node, "is no element of an array")
        name = node.value.id
        bits = self.widths.get(name, 64)
        at = self.number(self.one(node.slice))
        return self.value(f"getelementptr inbounds i{bits}, ptr %{name}, i64 {at.text}").text, bits

    def arithmetic(self, node: ast.AST, one: _Value, op: ast.operator, two: _Value) -> _Value:
        a, b = self.number(one).text, self.number(two).text
        match op:
            case ast.Add():
                return self.value(f"add i64 {a}, {b}")
            case ast.Sub():
                return self.value(f"sub i64 {a}, {b}")
            case ast.Mult():
                return self.value(f"mul i64 {a}, {b}")
            case ast.LShift():
                return self.value(f"shl i64 {a}, {b}")
            case ast.RShift():
                return self.value(f"ashr i64 {a}, {b}")
            case ast.BitAnd():
                return self.value(f"and i64 {a}, {b}")
            case ast.BitOr():
                return self.value(f"or i64 {a}, {b}")
            case ast.BitXor():
                return self.value(f"xor i64 {a}, {b}")
            case ast.FloorDiv():
                return self.value(f"call i64 @floor_div(i64 {a}, i64 {b})")
            case ast.Mod():
                return self.value(f"call i64 @floor_mod(i64 {a}, i64 {b})")
            case _:
                raise self.refuse(node)

    def unary(self, node: ast.UnaryOp) -> _Value:
        value = self.one(node.operand)
        match node.op:
            case ast.Not():
                return self.value(f"xor i1 {self.truth(value).text}, true", is_truth=True)
            case ast.USub():
                return self.value(f"sub i64 0, {self.number(value).text}")
            case ast.Invert():
                return self.value(f"xor i64 {self.number(value).text}, -1")
            case _:
                raise self.refuse(node)

    def compared(self, node: ast.Compare) -> _Value:
        rels = {
            ast.Lt: "slt", ast.LtE: "sle", ast.Gt: "sgt", ast.GtE: "sge", ast.Eq: "eq", ast.NotEq: "ne",
        }  # fmt: skip
        if isinstance(node.ops[0], ast.In | ast.NotIn) and isinstance(node.comparators[0], ast.Tuple):
            left = self.number(self.one(node.left))
            found = _Value("false", is_truth=True)
            for part in node.comparators[0].elts:
                other = self.number(self.one(part))
                same = self.value(f"icmp eq i64 {left.text}, {other.text}", is_truth=True)
                found = self.value(f"or i1 {found.text}, {same.text}", is_truth=True)
            if isinstance(node.ops[0], ast.NotIn):
                return self.value(f"xor i1 {found.text}, true", is_truth=True)
            return found
        left = self.number(self.one(node.left))
        result: _Value | None = None
        for op, comparator in zip(node.ops, node.comparators, strict=True):
            if type(op) not in rels:
                raise self.refuse(node)
            right = self.number(self.one(comparator))
            so = self.value(f"icmp {rels[type(op)]} i64 {left.text}, {right.text}", is_truth=True)
            result = so if result is None else self.value(f"and i1 {result.text}, {so.text}", is_truth=True)
            left = right
        assert result is not None
        return result

    def joined(self, node: ast.BoolOp) -> _Value:
        """`and`, `or`: the value of the part that decides, as in Python."""
        out = self.label()
        place = self.slot(f"joined_{self.count}")
        all_truths = True
        for k, part in enumerate(node.values):
            value = self.one(part)
            all_truths = all_truths and value.is_truth
            self.emit(f"store i64 {self.number(value).text}, ptr {place}")
            if k + 1 < len(node.values):
                more = self.label()
                if isinstance(node.op, ast.And):
                    self.branch(value, more, out)
                else:
                    self.branch(value, out, more)
                self.lines.append(f"{more}:")
                self.closed = False
        self.open(out)
        found = self.value(f"load i64, ptr {place}")
        return self.truth(found) if all_truths else found

    def either(self, node: ast.IfExp) -> list[_Value]:
        """One of two values, or of two tuples."""
        yes, no, out = self.label(), self.label(), self.label()
        many = len(node.body.elts) if isinstance(node.body, ast.Tuple) else 1
        places = [self.slot(f"either_{self.count}_{k}") for k in range(many)]
        self.branch(self.one(node.test), yes, no)
        for label, part in ((yes, node.body), (no, node.orelse)):
            self.lines.append(f"{label}:")
            self.closed = False
            for place, value in zip(places, self.several(part), strict=True):
                self.emit(f"store i64 {self.number(value).text}, ptr {place}")
            self.jump(out)
        self.lines.append(f"{out}:")
        self.closed = False
        return [self.value(f"load i64, ptr {place}") for place in places]

    def called(self, node: ast.Call) -> list[_Value]:
        if node.keywords:
            raise self.refuse(node, "with keywords")
        if isinstance(node.func, ast.Name) and node.func.id in ("min", "max", "abs"):
            return [self.built_in(node, node.func.id)]
        found = self.function(node.func)
        signature = self.call(found)
        if len(signature.parameters) != len(node.args):
            raise self.refuse(node, "with another count of arguments")
        given = []
        for name, part in zip(signature.parameters, node.args, strict=True):
            if name in _WIDTHS[found] or name.isupper():
                if not isinstance(part, ast.Name) or not self.is_array(part.id):
                    raise self.refuse(node, f"{name} is an array")
                given.append(f"ptr %{part.id}")
            else:
                given.append(f"i64 {self.number(self.one(part)).text}")
        kind = _kind(signature.results)
        line = f"call {kind} @{signature.symbol}({', '.join(given)})"
        if signature.results == 0:
            self.emit(line)
            return []
        made = self.value(line)
        if signature.results == 1:
            return [made]
        return [self.value(f"extractvalue {kind} {made.text}, {place}") for place in range(signature.results)]

    def function(self, node: ast.expr) -> Callable[..., Any]:
        found: Any = None
        match node:
            case ast.Name():
                found = self.globals.get(node.id)
            case ast.Attribute(value=ast.Name(id=module)):
                found = getattr(self.globals.get(module), node.attr, None)
        if found is None or found not in _WIDTHS:
            raise self.refuse(node, "is no kernel")
        return found  # type: ignore[no-any-return]

    def built_in(self, node: ast.Call, name: str) -> _Value:
        values = [self.number(self.one(part)) for part in node.args]
        if name == "abs":
            negative = self.value(f"sub i64 0, {values[0].text}")
            below = self.value(f"icmp slt i64 {values[0].text}, 0", is_truth=True)
            return self.value(f"select i1 {below.text}, i64 {negative.text}, i64 {values[0].text}")
        best = values[0]
        rel = "slt" if name == "min" else "sgt"
        for value in values[1:]:
            better = self.value(f"icmp {rel} i64 {value.text}, {best.text}", is_truth=True)
            best = self.value(f"select i1 {better.text}, i64 {value.text}, i64 {best.text}")
        return best


def _kind(results: int) -> str:
    if results == 0:
        return "void"
    return "i64" if results == 1 else "{" + ", ".join(["i64"] * results) + "}"


# ---------------------------------------------------------------- a module of them

# A division by 0 would end the process. What follows a failure (see `numbers`) has no meaning, but must go
# on.
_RUNTIME = """
define internal i64 @floor_div(i64 %a, i64 %by) alwaysinline {
  %none = icmp eq i64 %by, 0
  %b = select i1 %none, i64 1, i64 %by
  %q = sdiv i64 %a, %b
  %r = srem i64 %a, %b
  %s = xor i64 %r, %b
  %n = icmp slt i64 %s, 0
  %z = icmp ne i64 %r, 0
  %o = and i1 %n, %z
  %d = zext i1 %o to i64
  %f = sub i64 %q, %d
  ret i64 %f
}
define internal i64 @floor_mod(i64 %a, i64 %by) alwaysinline {
  %none = icmp eq i64 %by, 0
  %b = select i1 %none, i64 1, i64 %by
  %r = srem i64 %a, %b
  %s = xor i64 %r, %b
  %n = icmp slt i64 %s, 0
  %z = icmp ne i64 %r, 0
  %o = and i1 %n, %z
  %m = add i64 %r, %b
  %f = select i1 %o, i64 %m, i64 %r
  ret i64 %f
}
"""


def _results(tree: ast.FunctionDef) -> int:
    """How many values the function returns, from its first return with any."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Return) and node.value is not None:
            match node.value:
                case ast.Tuple():
                    return len(node.value.elts)
                case ast.IfExp(body=ast.Tuple() as made):
                    return len(made.elts)
                case ast.Call():
                    continue
                case _:
                    return 1
    return -1


@cache
def _tree(made: Callable[..., Any]) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(made))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


class _Module:
    """The text of a kernel and all that it calls."""

    def __init__(self, root: Callable[..., Any], known: Mapping[str, Sequence[int]] | None = None) -> None:
        self.root = root
        self.known = known or {}
        self.signatures: dict[Callable[..., Any], _Signature] = {}
        self.waiting: list[Callable[..., Any]] = []
        self.parts: list[str] = []

    def signature(self, made: Callable[..., Any]) -> _Signature:
        if made not in self.signatures:
            tree = _tree(made)
            symbol = f"{made.__module__}.{made.__name__}"
            parameters = tuple(part.arg for part in tree.args.args)
            self.signatures[made] = _Signature(f'"{symbol}"', parameters, self._count(made, tree))
            self.waiting.append(made)
        return self.signatures[made]

    def _count(self, made: Callable[..., Any], tree: ast.FunctionDef) -> int:
        many = _results(tree)
        if many >= 0:
            return many
        for node in ast.walk(tree):
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Call):
                if isinstance(node.value.func, ast.Name) and node.value.func.id in ("min", "max", "abs"):
                    return 1
                writer = _Writer(made.__name__, made.__globals__, {}, self.signature, (), 0)
                return self._count(writer.function(node.value.func), _tree(writer.function(node.value.func)))
        return 0

    def text(self) -> str:
        root = self.signature(self.root)
        while self.waiting:
            made = self.waiting.pop()
            self.parts.append(self._function(made, internal=made is not self.root))
        del root
        return _RUNTIME + "\n".join(self.parts)

    def _function(self, made: Callable[..., Any], *, internal: bool) -> str:
        signature = self.signatures[made]
        widths = _WIDTHS[made]
        shown = [
            f"ptr noalias %{name}" if name in widths or name.isupper() else f"i64 %{name}"
            for name in signature.parameters
        ]
        kind = _kind(signature.results)
        head = "internal " if internal else ""
        written = _PRIMITIVES.get(made)
        if written is not None:
            bare = [part.rsplit(" ", 1)[0] for part in shown]
            return "\n".join(
                [
                    f"define internal {kind} @{signature.symbol}({', '.join(bare)}) alwaysinline {{",
                    *written,
                    "}",
                ]
            )
        writer = _Writer(
            made.__name__, made.__globals__, widths, self.signature, signature.parameters, signature.results,
            {name: held for name, held in self.known.items() if name in signature.parameters},
        )  # fmt: skip
        plain = [name for name in signature.parameters if not writer.is_array(name)]
        for name in plain:
            writer.slot(name)
        for node in ast.walk(_tree(made)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                writer.slot(node.id)
        writer.body(_tree(made).body)
        if not writer.closed:
            if signature.results:
                writer.emit("unreachable")
            else:
                writer.emit("ret void")
        slots = [f"  {slot} = alloca i64" for slot in writer.slots.values()]
        stores = [f"  store i64 %{name}, ptr {writer.slots[name]}" for name in plain]
        lines = [line.replace(", !alias.scope !1", "") for line in writer.lines]
        # A large function inlined into all that call it would be compiled as often.
        apart = " noinline" if len(lines) > LARGE else ""
        return "\n".join(
            [
                f"define {head}{kind} @{signature.symbol}({', '.join(shown)}) nounwind{apart} {{",
                "entry:",
                *slots,
                *stores,
                *lines,
                "}",
            ]
        )


class Machine:
    """One kernel, compiled. Calling it takes arrays (numpy, contiguous) and whole numbers; other threads may
    run."""

    def __init__(
        self,
        root: Callable[..., Any],
        kept: Kept | None = None,
        known: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        """`kept`: where machine code is kept from one process to the next. `known`: by array, what it begins
        with whenever this machine is called; the code is made for just that. Raises `NotNative`.
        """
        import llvmlite.binding as llvm

        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(), features=llvm.get_host_cpu_features().flatten(), opt=3, jit=True
        )
        about = about_code(root, known)
        code = kept.find(about) if kept is not None else None
        if code is None:
            code = _compiled(root, llvm, machine, known)
            if kept is not None:
                kept.keep(about, code)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
        self._engine.add_object_file(llvm.ObjectFileRef.from_data(code))
        self._engine.finalize_object()
        module = _Module(root)
        signature = module.signature(root)
        self._arrays = [name in _WIDTHS[root] or name.isupper() for name in signature.parameters]
        kinds = [ctypes.c_void_p if array else ctypes.c_int64 for array in self._arrays]
        address = self._engine.get_function_address(signature.symbol.strip('"'))
        self._run = ctypes.CFUNCTYPE(ctypes.c_int64 if signature.results == 1 else None, *kinds)(address)

    def __call__(self, *given: Any) -> int:
        """Runs it; the interpreter's lock is let go meanwhile."""
        passed = (one.ctypes.data if array else one for one, array in zip(given, self._arrays, strict=True))
        return int(self._run(*passed) or 0)


@cache
def about_machine() -> str:
    """All that machine code depends on besides its source."""
    import llvmlite
    import llvmlite.binding as llvm

    cpu, features = llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten()
    return f"{llvmlite.__version__} {llvm.llvm_version_info} {llvm.get_default_triple()} {cpu} {features}"


class Kept(Protocol):
    """A place for machine code."""

    def find(self, about: str) -> bytes | None: ...

    def keep(self, about: str, code: bytes) -> None: ...


def about_code(root: Callable[..., Any], known: Mapping[str, Sequence[int]] | None = None) -> str:
    """All that the machine code of a kernel depends on besides its source."""
    held = "".join(f" {name} {' '.join(map(str, values))}" for name, values in sorted((known or {}).items()))
    return f"{root.__module__}.{root.__name__} {about_machine()}{held}"


def _compiled(
    root: Callable[..., Any], llvm: Any, machine: Any, known: Mapping[str, Sequence[int]] | None
) -> bytes:
    """The object code of a kernel and all that it calls."""
    parsed = llvm.parse_assembly(_Module(root, known).text())
    parsed.verify()
    tuning = llvm.create_pipeline_tuning_options(speed_level=2)
    passes = llvm.create_pass_builder(machine, tuning)
    passes.getModulePassManager().run(parsed, passes)
    return bytes(machine.emit_object(parsed))
