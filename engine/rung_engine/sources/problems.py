"""What can be wrong with a data folder or a mapping file: a stable code, facts, and one plain sentence.

A fault of the folder or of the mapping stops the reading and is a `DataProblem`. A fault of one row does not:
that is a `Refusal` (see `accounting`).
"""

from __future__ import annotations

WORDS = {
    "D101": "There is no folder `{path}`. Give the folder that holds the stays, events and infusions tables.",
    "D102": "The folder `{path}` has no `{table}` table. I looked for `{table}.parquet` and `{table}.csv`.",
    "D103": "The folder `{path}` has both `{table}.parquet` and `{table}.csv`. Keep one of the two.",
    "D104": "I could not read `{path}` as {form}: {reason}. It may be empty, cut short or of another form.",
    "D105": "The table `{table}` has no column `{column}`. It has: {found}.",
    "D106": "Column `{column}` of `{table}` should hold {expected}, but {found}.",
    "D107": "The table `{table}`, row {row}: {reason}. Every row needs a stay, and `stays` lists each once.",
    "D108": "The table `{table}` speaks of stay `{stay}` (row {row}), which `stays` does not list.",
    "D109": "There is no stay `{stay}` in `{path}`. It has {count} stays, the first of them {first}.",
    "D110": "There is no mapping `{path}`. Give a file, or the name of a shipped mapping: {shipped}.",
    "D111": "The mapping `{path}` is not a TOML text: {reason}.",
    "D112": "The mapping `{path}` says `{key}`, which I do not know. Here I know: {known}.",
    "D113": "The mapping `{path}` lacks `{key}`.",
    "D114": "The mapping `{path}`: `{key}` should be {expected}, not {found}.",
    "D115": "The mapping `{path}`: I cannot read `{text}` at `{key}`: {reason}.",
    "D116": "The mapping `{path}`: both `{first}` and `{second}` claim `{variable}` of kind `{kind}`.",
    "D117": "No shipped mapping fits the data in `{path}`. I found {found}. Give a mapping of your own.",
    "D118": "Several mappings fit the data in `{path}`: {names}. Say which one to use.",
    "D119": "The mapping `{name}` is for other data than `{path}`: it expects {expected}; I found {found}.",
    "D120": "The mapping `{name}` gives setting `{setting}` the value `{value}`, which the protocol does not "
    "allow: {reason}.",
    "D121": "The mapping `{name}` cannot fill input `{input}`: {reason}.",
    "D122": "The mapping `{path}` has format {found}; this engine reads format {known}.",
    "D123": "There are no facts in `{path}`. I looked for files whose names end in {ends}.",
    "D124": "File `{path}`, row {row}: the value `{value}` is no plain decimal of at most six places that "
    "fits into 64 bits.",
    "D125": "File `{path}`, row {row}: I do not know the kind `{kind}`. It is one of {known}.",
    "D126": "File `{path}`, row {row}: {reason}.",
    "D127": "The file `{path}` has both `value` and `value_millionths`. Keep one of the two.",
    "D128": "The folder `{path}` holds a run of something else: {differs} differ. Give another folder, or "
    "remove this one.",
    "D129": "The folder `{path}` is not empty, and no run of mine began there. Give another folder.",
    "D130": "Stay `{stay}`, {time} ms: the number {number} is too large for a signed whole number of 64 "
    "bits.",
    "D131": "The input `{input}` can be any of {count} words; I can hold a set of at most {most}.",
    "D132": "Another run is writing to the folder `{path}`. Wait for it, or give another folder.",
}
"""By code: the sentence, with the facts it is filled from."""


class DataProblem(Exception):  # noqa: N818 - a problem is the house's word for a finding with facts
    """A folder or a mapping that cannot be used. `facts` are strings by name; `words` is for a person."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts

    @property
    def words(self) -> str:
        return WORDS[self.code].format(**self.facts)

    def __str__(self) -> str:
        return f"{self.code}: {self.words}"
