"""The figures of the benches into `docs/performance.md`: `python tests/bench/performance.py`.

A bench writes `build/bench/NAME.md`; the page says where it goes with `<!-- bench:NAME -->` and
`<!-- end:NAME -->`. What stands between is replaced, all else is left as it is. A bench that was not run here
leaves its figures.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.bench.table import FOLDER  # noqa: E402
from tests.bench.targets import tables_of, targets  # noqa: E402

PAGE = ROOT / "docs" / "performance.md"


def marks(name: str) -> tuple[str, str]:
    """What stands above and below the figures of a bench."""
    return f"<!-- bench:{name} -->", f"<!-- end:{name} -->"


def joined(page: str, name: str, figures: str) -> str:
    """The page with these figures. ValueError where it has not one place for them."""
    above, below = marks(name)
    if page.count(above) != 1 or page.count(below) != 1 or page.index(above) > page.index(below):
        raise ValueError(f"the page needs {above} and then {below}, once each")
    before, _, rest = page.partition(above)
    _, _, after = rest.partition(below)
    return f"{before}{above}\n\n{figures.strip()}\n\n{below}{after}"


def main() -> None:
    """Writes the page."""
    page = PAGE.read_text(encoding="utf-8")
    found = sorted(FOLDER.glob("*.md"))
    for path in found:
        page = joined(page, path.stem, path.read_text(encoding="utf-8"))
    page = joined(page, "targets", targets(tables_of(page)).markdown())
    whole = PAGE.with_suffix(".part")
    whole.write_text(page, encoding="utf-8")
    whole.replace(PAGE)
    print(f"docs/performance.md has the figures of {', '.join(path.stem for path in found) or 'nothing new'}")


if __name__ == "__main__":
    main()
