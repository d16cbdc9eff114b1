"""The engine for a page decides every case as the reference engine does, in a browser, from a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page
from tests.conformance.cases import ARTIFACTS, CASES, all_cases, names

from rung_engine.browser.engine import PARTS as FILES
from rung_engine.browser.engine import script

PARTS = 4

RUN = """
([artifactText, lines]) => {
  const artifact = Rung.parse(artifactText);
  const wrong = [];
  let tried = 0;
  for (const line of lines.split("\\n")) {
    if (!line) continue;
    const { id, settings, facts, until, silence_is_off: silenceIsOff, expected, why } = Rung.parse(line);
    const options = { until, silenceIsOff };
    try {
      const program = Rung.load(artifact, settings);
      tried += 1;
      if (Rung.canonical(Rung.run(program, facts, options)) !== Rung.canonical(expected)) wrong.push(id);
      if (!why) continue;
      const tree = Rung.why(program, facts, why.time, why.rule, options);
      if (Rung.canonical(tree) !== Rung.canonical(why.tree)) wrong.push(`${id}: why`);
    } catch (error) {
      wrong.push(`${id}: ${error.stack}`);
    }
  }
  return [tried, wrong];
}
"""


@pytest.fixture
def engine(page: Page, tmp_path: Path) -> Page:
    """A page opened from a file, with the engine in it."""
    file = tmp_path / "engine.html"
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>engine</title>'
    file.write_text(f"{head}<script>{script()}</script></html>", encoding="utf-8")
    page.goto(file.as_uri())
    return page


@pytest.mark.parametrize("part", range(PARTS))
def test_the_engine_in_a_page_decides_every_case(engine: Page, part: int) -> None:
    tried = 0
    for name in names()[part::PARTS]:
        texts = [(folder / file).read_text(encoding="utf-8") for folder, file in _files(name)]
        count, wrong = engine.evaluate(RUN, texts)
        assert wrong == []
        tried += count
    assert tried == sum(1 for _ in all_cases(names()[part::PARTS]))


def _files(name: str) -> tuple[tuple[Path, str], tuple[Path, str]]:
    return (ARTIFACTS, f"{name}.json"), (CASES, f"{name}.jsonl")


def test_the_script_is_small_and_asks_nothing_of_a_page() -> None:
    text = script()
    assert len(text.encode()) < 200_000
    assert "</script" not in text
    for word in (
        "fetch(",
        "import ",
        "XMLHttpRequest",
        "document.",
        "eval(",
        "Date",
        "Math.random",
    ):
        assert word not in text, word
    folder = Path(__file__).resolve().parents[2] / "engine" / "rung_engine" / "browser"
    assert sorted(path.name for path in folder.glob("*.js")) == sorted(FILES)


def refused(page: Page, change: str) -> Any:
    """The code with which something is refused of the first invented protocol after `change`."""
    text = (ARTIFACTS / "invented_000.json").read_text(encoding="utf-8")
    asked = f"""(text) => {{
      const artifact = Rung.parse(text);
      let settings = {{ open: {{ millionths: 2000000, unit: "ms" }} }};
      const value = {{ millionths: 1, unit: "points" }};
      const facts = [{{ kind: "reading", id: "a", time: 0, input: "x", value }}];
      try {{
        {change};
        Rung.run(Rung.load(artifact, settings), facts);
        return "run";
      }} catch (error) {{
        return error.code;
      }}
    }}"""
    return page.evaluate(asked, text)


CHANGES = (
    ("", "run"),
    ("Rung.parse('{\"a\": 1.5}')", "A101"),
    ("Rung.parse('[1] 2')", "A101"),
    ("delete artifact.terms", "A102"),
    ("artifact.format = 99", "A103"),
    ("settings.nobody = 'red'", "J103"),
    ("settings = {}", "J104"),
    ("settings.brand = 'green'", "J105"),
    ("settings.open.millionths = 90000000", "J105"),
    ("facts[0].kind = 'rumour'", "J106"),
    ("facts[0].time = 0.5", "J101"),
    ("facts[0].value.millionths = 2 ** 60", "J101"),
)


def test_what_cannot_be_run_is_refused_with_a_code(engine: Page) -> None:
    assert [refused(engine, change) for change, _ in CHANGES] == [code for _, code in CHANGES]


def test_a_number_that_a_float_cannot_hold_stays_exact(engine: Page) -> None:
    text = '{"a":9007199254740993,"b":["\\u00e9",-12,null,true]}'
    assert engine.evaluate("(text) => Rung.canonical(Rung.parse(text))", text) == text.replace("\\u00e9", "é")
