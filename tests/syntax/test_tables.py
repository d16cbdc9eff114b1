"""The shipped tables are those of the grammar, in text that says the same again.

`RUNG_REWRITE=1` writes `tables.py` anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from rung_lang.syntax import tables
from rung_lang.syntax.automaton import Table
from rung_lang.syntax.lalr import grammar_text, table_of
from rung_lang.syntax.table_text import table_from, written

REWRITE = os.environ.get("RUNG_REWRITE") == "1"
FILE = Path(tables.__file__)
ROOT = Path(__file__).resolve().parents[2]
PATH = os.pathsep.join(str(ROOT / folder) for folder in ("dsl", "engine"))
QUOTES = '"""'


def module(table: Table) -> str:
    """The whole of `tables.py`."""
    head = FILE.read_text(encoding="utf-8").partition(f"TABLES = {QUOTES}\\\n")[0]
    return f"{head}TABLES = {QUOTES}\\\n{written(table)}{QUOTES}\n"


def test_the_shipped_tables_are_those_of_the_grammar() -> None:
    made = module(table_of(grammar_text()))
    if REWRITE:
        FILE.write_text(made, encoding="utf-8")
    assert FILE.read_text(encoding="utf-8") == made, "RUNG_REWRITE=1 pytest tests/syntax/test_tables.py"


def test_a_table_is_read_as_it_was_written() -> None:
    table = table_of(grammar_text())
    assert table_from(written(table)) == table
    assert table_from(tables.TABLES) == table


def test_another_grammar_is_another_text() -> None:
    changed = grammar_text().replace('"settle" amount', '"settles" amount')
    assert written(table_of(changed)) != tables.TABLES
    table = table_of(grammar_text())
    row = next(row for row in table.rows if row.gotos)
    other = replace(row, gotos={phrase: to + 1 for phrase, to in row.gotos.items()})
    rows = tuple(other if one is row else one for one in table.rows)
    assert written(replace(table, rows=rows)) != tables.TABLES


def test_the_tables_do_not_depend_on_the_order_in_which_python_walks_a_set() -> None:
    program = (
        "import hashlib; from rung_lang.syntax.lalr import grammar_text, table_of; "
        "from rung_lang.syntax.table_text import written; "
        "print(hashlib.sha256(written(table_of(grammar_text())).encode()).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONPATH": PATH, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


def test_a_text_is_read_without_lark() -> None:
    program = "import sys; import rung_lang.driver, rung_lang.syntax.parse; print('lark' in sys.modules)"
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": PATH},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.strip() == "False"
