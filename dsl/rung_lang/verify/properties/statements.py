"""Properties in words, as an author could have written them."""

from __future__ import annotations

from rung_engine.artifact import model as m
from rung_lang.lower.phrase import Phrases, amount_words


def condition(artifact: m.Artifact, term: int) -> str:
    """In the author's own words, where the text has any."""
    written = artifact.provenance.words.get(str(term), "")
    return written or Phrases(artifact.terms, {}, artifact.inputs).term(term)


def statement(artifact: m.Artifact, prop: m.Property) -> str:
    """`never order vasopressin above 0.04 units/min while …`."""
    parts: list[str] = [prop.polarity]
    if prop.condition is not None:
        parts.append(condition(artifact, prop.condition))
    else:
        groups = {members: name for name, members in sorted(artifact.classes.items(), reverse=True)}
        parts += [prop.subject, groups.get(prop.drugs, " or ".join(prop.drugs))]
    if prop.above is not None:
        parts.append(f"above {amount_words(prop.above)}")
    if prop.given is not None:
        parts.append(f"while {condition(artifact, prop.given)}")
    return " ".join(parts)
