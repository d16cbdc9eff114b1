"""Exit codes, and the one error a command raises. Documented in `docs/reference/command.md`."""

from __future__ import annotations

CLEAN = 0
FINDINGS = 1
"""The text has errors, or an example does not hold."""
USAGE = 2
UNREADABLE = 3
"""A file, an artifact or a data set could not be read or was refused."""
UNWRITABLE = 4
PAPERS = 20
"""Of `rung diff` and `rung review`: what a version says about itself differs, and no decision does."""
TREATMENT = 21
SAFETY = 22
"""Something is promised less than before, or was not decided."""
BY_WEIGHT = {"none": CLEAN, "papers": PAPERS, "treatment": TREATMENT, "safety": SAFETY}
BUG = 70
INTERRUPTED = 130


class Refusal(Exception):  # noqa: N818  it is an answer to the user, not a fault of the program
    """Something the user must change: a stable code, a plain sentence, and what to do about it."""

    def __init__(self, code: str, words: str, advice: str = "", exit_code: int = UNREADABLE) -> None:
        super().__init__(words)
        self.code = code
        self.words = words
        self.advice = advice
        self.exit_code = exit_code
