"""A second opinion on factors and refusals: NLM's UCUM library, run under Node.

The library is fetched once into pytest's cache; where Node, npm or a registry is missing, these tests are
skipped. It is used as a test oracle only and never shipped.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest

from rung_engine.units import Dims, Unit, all_units, as_body_weight, convert, parse_unit

PACKAGE = "@lhncbc/ucum-lhc@7"
SCRIPT = """
const utils = require("@lhncbc/ucum-lhc").UcumLhcUtils.getInstance();
const pairs = JSON.parse(require("fs").readFileSync(0, "utf8"));
const answers = pairs.map(([from, to]) => {
  const answer = utils.convertUnitTo(from, 1, to);
  return { value: answer.status === "succeeded" ? answer.toVal : null, messages: answer.msg || [] };
});
process.stdout.write(JSON.stringify(answers));
"""

DRUG = "vasopressin"
TABLE = (*all_units(DRUG), *(as_body_weight(parse_unit(name)) for name in ("kg", "g", "lb")))

# What a clinical dimension is to physics, and so to UCUM. Counts are annotations there, that is, nothing.
PHYSICS: dict[str, Dims] = {
    "body_weight": (("mass", 1),),
    "body_surface": (("length", 2),),
    "volume": (("length", 3),),
    "age": (("time", 1),),
    "enzyme_units": (("amount", 1), ("time", -1)),
    "beats": (),
    "breaths": (),
    "points": (),
    "doses": (),
}


@dataclass(frozen=True, slots=True)
class Answer:
    value: float | None
    messages: tuple[str, ...]


class Oracle:
    def __init__(self, home: Path, node: str) -> None:
        self.home = home
        self.node = node

    def ask(self, pairs: Iterable[tuple[Unit, Unit]]) -> list[Answer]:
        """The value of 1 `from` in `to` for every pair, or None where the library refuses."""
        asked = json.dumps([(a.ucum, b.ucum) for a, b in pairs])
        run = subprocess.run(
            [self.node, "-e", SCRIPT],
            input=asked,
            capture_output=True,
            text=True,
            check=True,
            cwd=self.home,
            timeout=120,
        )
        return [Answer(answer["value"], tuple(answer["messages"])) for answer in json.loads(run.stdout)]


@pytest.fixture(scope="module")
def oracle(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Oracle:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("Node and npm are not installed")
    cached = pytestconfig.pluginmanager.hasplugin("cacheprovider")
    shelf = pytestconfig.cache.mkdir("oracle") if cached else tmp_path_factory.mktemp("oracle")
    home = shelf / "ucum-lhc-7"
    if not home.exists():
        fetch(npm, shelf, home)
    return Oracle(home, node)


def fetch(npm: str, shelf: Path, home: Path) -> None:
    """Install aside and move into place whole, so that parallel workers never see half a package."""
    aside = Path(tempfile.mkdtemp(dir=shelf))
    quiet = ["--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0", "--fetch-timeout=20000"]
    try:
        subprocess.run(
            [npm, "install", "--prefix", str(aside), *quiet, PACKAGE],
            capture_output=True,
            check=True,
            cwd=aside,
            timeout=180,
        )
        try:
            aside.rename(home)
        except OSError:
            if not home.exists():
                raise
    except (OSError, subprocess.SubprocessError) as missing:
        pytest.skip(f"{PACKAGE} could not be installed: {missing}")
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def physics(unit: Unit) -> Dims:
    """The dimensions a physicist sees: those of PHYSICS put in, and what cancels gone."""
    powers: dict[str, int] = {}
    for dim, power in unit.dims:
        for base, times in PHYSICS.get(dim, ((dim, 1),)):
            powers[base] = powers.get(base, 0) + power * times
    return tuple(sorted((base, power) for base, power in powers.items() if power))


def arbitrary(unit: Unit) -> bool:
    """UCUM calls `[iU]` arbitrary: the library converts it into nothing, itself included."""
    return "[iU]" in unit.ucum


def refused(pairs: list[tuple[Unit, Unit]], answers: list[Answer]) -> list[str]:
    return [
        f"{a.name} to {b.name}: {answer.messages}"
        for (a, b), answer in zip(pairs, answers, strict=True)
        if answer.value is None
    ]


def test_the_oracle_knows_every_ucum_spelling(oracle: Oracle) -> None:
    pairs = [(unit, unit) for unit in TABLE if not arbitrary(unit)]
    assert refused(pairs, oracle.ask(pairs)) == []


def test_every_factor_is_the_oracles(oracle: Oracle) -> None:
    pairs = [(a, b) for a in TABLE for b in TABLE if a.dims == b.dims and not arbitrary(a)]
    answers = oracle.ask(pairs)
    assert refused(pairs, answers) == []
    wrong = [
        f"1 {a.name} is {answer.value} {b.name}, here {float(convert(Fraction(1), a, b))}"
        for (a, b), answer in zip(pairs, answers, strict=True)
        if answer.value != pytest.approx(float(convert(Fraction(1), a, b)), rel=1e-12, abs=1e-12)
    ]
    assert wrong == []


def test_what_differs_for_a_physicist_is_refused_by_the_oracle_too(oracle: Oracle) -> None:
    pairs = [(a, b) for a in TABLE for b in TABLE if physics(a) != physics(b)]
    converted = [
        f"{a.name} to {b.name}: {answer.value}"
        for (a, b), answer in zip(pairs, oracle.ask(pairs), strict=True)
        if answer.value is not None
    ]
    assert converted == []


def test_where_only_we_refuse_the_reason_is_clinical(oracle: Oracle) -> None:
    """Each pair that the oracle converts and we do not owes it to a dimension that physics does not have."""
    pairs = [
        (a, b)
        for a in TABLE
        for b in TABLE
        if a.dims != b.dims and physics(a) == physics(b) and not arbitrary(a)
    ]
    answers = oracle.ask(pairs)
    assert refused(pairs, answers) == []
    assert all({dim for dim, _ in set(a.dims) ^ set(b.dims)} & PHYSICS.keys() for a, b in pairs)


def test_units_of_activity_convert_into_nothing_there(oracle: Oracle) -> None:
    pairs = [(a, b) for a in TABLE for b in TABLE if arbitrary(a) != arbitrary(b)]
    assert all(answer.value is None for answer in oracle.ask(pairs))
