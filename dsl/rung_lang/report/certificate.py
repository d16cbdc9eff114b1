"""What judging a certificate anew came to, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rung_engine.artifact.model import Certificate
from rung_lang.report.decisions import counted
from rung_lang.verify.certificates.certificate import Judged
from rung_lang.verify.certificates.rechecking import Kind
from rung_lang.verify.solving.cross import Agreement

_WORDS: dict[Kind, str] = {
    "unreadable": "I cannot read the evidence: {name}.",
    "astray": "With the answers that it gives, the examination breaks off: {name}.",
    "steps": "The steps do not lead to a contradiction of {name}.",
    "core": "The parts named for question {name} do not exclude each other.",
    "values": "The values given for question {name} do not fulfil it.",
    "unused": "Nothing is asked that evidence {name} answers.",
    "of": "It is of other content: it names the meaning {name}.",
    "state": "It says `{name}`, and that is not what the answers come to.",
    "said": "What it says under `{name}` is not what was examined.",
    "missing": "It leaves out {name}.",
    "extra": "It answers {name}, which nobody asks of this protocol.",
    "otherwise": "It says of {name} what its evidence does not show.",
}

_SETTLED = {"proved": "proved", "failed": "the proof failed", "undecided": "not all of it is decided"}


def standing(certificate: Certificate, holds: bool) -> str:
    """What the certificate says of its protocol, and whether it is so."""
    said = _SETTLED.get(certificate.state, "nothing was proved of it")
    return (
        f"{said}, and the certificate holds" if holds else f"the certificate does not hold; it says: {said}"
    )


def table(judged: Judged, agreement: Agreement | None) -> Iterator[str]:
    """What was to be proved, and on what the answers rest."""
    verdicts = Counter(one.verdict for one in judged.certificate.obligations)
    kinds = [f"{verdicts[kind]} {kind}" for kind in ("proved", "refuted", "undecided") if verdicts[kind]]
    yield f"  obligations  {sum(verdicts.values())}: {', '.join(kinds)}"
    yield f"  by bounds    {counted(judged.by_bounds, 'contradiction')} between bounds, seen again"
    yield f"  by steps     {counted(judged.by_steps, 'contradiction')}, the steps to each followed again"
    yield f"  by values    {counted(judged.by_values, 'patient')} given by numbers, judged again"
    histories = "history" if judged.by_history == 1 else "histories"
    yield f"  by history   {judged.by_history} {histories}, played again by the reference engine"
    asked = f"{counted(judged.by_solver, 'question')}, asked of z3 again"
    yield f"  by solver    {asked if judged.by_solver else 'nothing: no solver was asked'}"
    if agreement is not None:
        different = len(agreement.disagreed)
        agrees = f"disagrees on {different}" if different else "agrees on all"
        open_ = f", but for {agreement.gave_up} that one of the two left open" if agreement.gave_up else ""
        asked = counted(agreement.asked, "question")
        yield f"  cross-check  {agreement.tool} was asked {asked} and {agrees}{open_}"


def faults(judged: Judged, agreement: Agreement | None) -> Iterator[str]:
    """Everything that is wrong."""
    for one in judged.wrong:
        yield f"  WRONG        {_WORDS[one.kind].format(name=one.name or 'nothing')}"
    if agreement is not None:
        for name in agreement.disagreed:
            yield f"  WRONG        z3 and {agreement.tool} do not agree on question {name}."
