"""`rung run`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from rung_engine.decision.model import to_json
from rung_lang.cli.bundle import is_bundle
from rung_lang.cli.exits import USAGE, Refusal
from rung_lang.cli.load import executable_of
from rung_lang.cli.programs import data_problems, program_of
from rung_lang.cli.records import Records
from rung_lang.cli.show import progress
from rung_lang.cli.sign_off import refuse_asked, signed_off
from rung_lang.report.cohort import Tally, summary, summary_data
from rung_lang.report.decisions import UNPROVED, clock, counted, timeline, tree, wrapped

if TYPE_CHECKING:
    from rung_engine.decision.model import Decision
    from rung_engine.program import Program
    from rung_engine.session.session import Session
    from rung_engine.sources.stay import Stay
    from rung_engine.sources.tidy import Cohort
    from rung_lang.cli.takeover import Older


@click.command("run")
@click.argument("path")
@click.option("--data", "folder", required=True, help="A folder with stays, events and infusions tables.")
@click.option("--stay", "stay_id", help="One stay: print its timeline, every decision explained.")
@click.option("--all", "every", is_flag=True, help="Every stay: print a summary and account for every row.")
@click.option("--mapping", help="How to read the folder: a shipped mapping's name, or a TOML file.")
@click.option("--set", "chosen", multiple=True, metavar="NAME=VALUE", help="A setting that the site chooses.")
@click.option(
    "--unverified", is_flag=True, help="Run what is not proved all the same; every decision says so."
)
@click.option("--policy", metavar="FILE", help="Who must sign: what is not approved is refused.")
@click.option(
    "--unapproved",
    is_flag=True,
    help="With --policy: run what is not approved all the same; every output says so.",
)
@click.option("-o", "--output", help="With --all: write every decision change to a .jsonl or .parquet file.")
@click.option(
    "--refused", is_flag=True, help="List every refused row, with its stay, time, value and reason."
)
@click.option(
    "--why", "why_rule", metavar="RULE", help="With --stay: the explanation tree of a rule, at the end."
)
@click.option("--html", "page", metavar="FILE", help="With --stay: write its timeline as a page, too.")
@click.option("--after", metavar="OLD", help="With --stay: the version that decides until --at.")
@click.option("--at", metavar="TIME", help='With --after: when PATH takes over, as "0d 12:00" or "12 h".')
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(
    path: str,
    folder: str,
    stay_id: str | None,
    every: bool,
    mapping: str | None,
    chosen: tuple[str, ...],
    unverified: bool,
    policy: str | None,
    unapproved: bool,
    output: str | None,
    refused: bool,
    why_rule: str | None,
    page: str | None,
    after: str | None,
    at: str | None,
    form: str,
) -> None:
    """Run a protocol on patients and explain every decision.

    Of a bundle, the protocols it names run on one stay, and each order says whose it is. What is not proved
    is refused, unless --unverified is given; with --policy, so is what is not approved.

    \b
    rung run septic_shock.rungc --data build/demo_cohort --all
    rung run septic_shock.rungc --data build/demo_cohort --stay SYN-0003
    rung run septic_shock.rungc --data build/demo_cohort --stay SYN-0003 --html stay.html
    rung run septic_shock.rungc --data DIR --all -o decisions.parquet
    """
    if (stay_id is None) == (not every):
        raise Refusal("C120", "Say which stays: --stay ID for one, or --all.", exit_code=USAGE)
    if output is not None and not every:
        raise Refusal("C121", "-o needs --all: it holds the decisions of all stays.", exit_code=USAGE)
    if page is not None and (every or is_bundle(path)):
        raise Refusal(
            "C150",
            "--html writes the page of one stay under one protocol.",
            "Say which stay with --stay ID, and name the protocol.",
            USAGE,
        )
    if (after is None) != (at is None) or (after is not None and (every or page or is_bundle(path))):
        raise Refusal(
            "C170",
            "--after OLD and --at TIME stand together, for the timeline of one stay under one protocol.",
            "Say which stay with --stay ID, which version ran before, and when this one takes over.",
            USAGE,
        )
    refuse_asked(path, policy, unapproved)
    if is_bundle(path):
        from rung_lang.cli.bundle_run import only_a_stay

        _together(path, folder, only_a_stay(stay_id, why_rule), mapping, chosen, unverified, form, refused)
        return
    artifact = executable_of(path, unverified=unverified)
    sign_off = signed_off(path, artifact, policy, unapproved)
    until = None
    if after is not None and at is not None:
        from rung_lang.cli.takeover import until_of

        until = until_of(after, at, path, artifact, unverified)
    with data_problems():
        from rung_engine.sources.tidy import find_mapping, open_cohort

        cohort = open_cohort(folder, find_mapping(folder, mapping), artifact)
        older = None
        if until is not None and stay_id is not None:
            from rung_lang.cli.takeover import older_of

            older = older_of(until, path, artifact, cohort, stay_id, chosen, unverified)
            kept = older.program.site_settings
            program = program_of(artifact, cohort.settings, older.chosen, unverified, kept=kept)
        else:
            program = program_of(artifact, cohort.settings, chosen, unverified)
        if stay_id is not None:
            stay = cohort.stay(stay_id) if older is None else older.stay
            _one(program, stay, cohort, form, refused, why_rule, page, sign_off, older)
        else:
            _all(program, cohort, form, refused, output, sign_off)


def _together(
    path: str,
    folder: str,
    stay_id: str,
    mapping: str | None,
    chosen: tuple[str, ...],
    unverified: bool,
    form: str,
    refused: bool,
) -> None:
    """A bundle: each protocol reads the folder for itself."""
    from rung_lang.cli.bundle_run import artifacts_of, chosen_for, show

    artifacts = artifacts_of(path, unverified=unverified)
    with data_problems():
        from rung_engine.sources.tidy import find_mapping, open_cohort

        found = find_mapping(folder, mapping)
        cohorts = tuple(open_cohort(folder, found, artifact) for artifact in artifacts)
        programs = tuple(
            program_of(artifact, cohort.settings, chosen_for(artifact, artifacts, chosen), unverified)
            for artifact, cohort in zip(artifacts, cohorts, strict=True)
        )
        show(path, programs, cohorts, stay_id, form, refused)


def _header(program: Program, cohort: Cohort, sign_off: str) -> list[str]:
    artifact = program.artifact
    lines = [
        f"{artifact.name} {artifact.version}  {artifact.title}",
        f"meaning {artifact.meaning[:16]}, {_proof(program)}",
    ]
    for name, words in (*_signed(sign_off), *_read(program, cohort)):
        lines.extend(wrapped(words, f"{name} ", 0))
    return lines


def _proof(program: Program) -> str:
    return "proved" if program.unproved is None else f"{UNPROVED[program.unproved]}, run all the same"


def _signed(sign_off: str) -> tuple[tuple[str, str], ...]:
    return (("sign-off", sign_off),) if sign_off else ()


def _read(program: Program, cohort: Cohort) -> list[tuple[str, str]]:
    """How the data are read, and what the site has chosen: a name and words for each."""
    found = [
        ("data", f"{cohort.folder.name}, read as {cohort.mapping.name}"),
        ("silence", f"a drug that nobody charted counts as {cohort.silence}"),
    ]
    for name, value in sorted(program.site_settings.items()):
        from rung_engine.artifact.model import Number
        from rung_lang.report.decisions import number

        shown = f"{number(value.millionths)} {value.unit}" if isinstance(value, Number) else value
        item = cohort.settings.get(name)
        reason = f" ({item.why})" if item is not None and item.value == value else " (--set)"
        found.append(("setting", f"{name} = {shown}{reason}"))
    return found


def _one(
    program: Program,
    stay: Stay,
    cohort: Cohort,
    form: str,
    refused: bool,
    why_rule: str | None,
    page: str | None,
    sign_off: str,
    older: Older | None,
) -> None:
    from rung_engine.session.session import Session

    rule = None
    if why_rule is not None:
        rules = {rule.id: rule for rule in program.artifact.rules}
        if why_rule not in rules:
            import difflib

            tails = [name for name in rules if name.rpartition(".")[2] == why_rule]
            near = tails or difflib.get_close_matches(why_rule, rules, n=1)
            raise Refusal(
                "C124",
                f"There is no rule {why_rule} in {program.artifact.name}.",
                f"Did you mean {near[0]}?" if near else f"Its rules: {', '.join(sorted(rules))}.",
                USAGE,
            )
        rule = rules[why_rule]
    silence_is_off = cohort.silence == "off"
    if older is None:
        session = Session(program, silence_is_off=silence_is_off)
        decisions = _decisions(session, stay)
    else:
        session = older.session(program, silence_is_off=silence_is_off)
        decisions = [*_decisions(session, stay), *session.advance(older.at)]
    again = session.look_again()
    if page is not None:
        from rung_lang.cli.timeline import write_page

        artifact = program.artifact
        facts = (
            ("protocol", f"{artifact.name} {artifact.version}, {_proof(program)}"),
            *_signed(sign_off),
            *_read(program, cohort),
        )
        write_page(page, program, stay, decisions, facts, again, silence_is_off=cohort.silence == "off")
        click.echo(f"timeline written to {page}", err=True)
    if form == "json":
        click.echo(
            json.dumps(
                {
                    "stay": stay.id,
                    "protocol": program.artifact.name,
                    "meaning": program.artifact.meaning,
                    "unproved": program.unproved,
                    "sign_off": sign_off or None,
                    **({} if older is None else {"after": older.data}),
                    "decisions": [to_json(decision) for decision in decisions],
                    "look_again": again,
                    "refused": [refusal.words for refusal in stay.refusals],
                    "accounts": {
                        account.table: [list(item) for item in account.counts] for account in stay.accounts
                    },
                },
                indent=2,
                ensure_ascii=False,
                sort_keys=True,
            )
        )
        return
    head = _header(program, cohort, sign_off)
    if older is not None:
        head.extend(wrapped(older.words, "after ", 0))
    out = [*head, f"stay {stay.id}: {counted(len(decisions), 'decision')}", ""]
    before = None
    for decision in decisions:
        whose = older.program if older is not None and decision.time < older.at else program
        out.append(timeline(decision, whose.artifact, before=before))
        before = decision
    out.append("")
    if again is not None:
        out.append(f"With nothing new, the decision next changes at {clock(again)}.")
    for account in stay.accounts:
        out.extend(account.lines)
    if refused:
        out.extend(refusal.words for refusal in stay.refusals)
    elif stay.refusals:
        out.append(f"{counted(len(stay.refusals), 'row')} refused; --refused lists every one.")
    if rule is not None:
        from rung_engine.decision.explain import explain

        out.extend(["", f"{rule.id}, now:", tree(explain(session.view(), rule.condition))])
    click.echo("\n".join(out))


def _decisions(session: Session, stay: Stay) -> list[Decision]:
    """Every decision change of a stay; what a later fact of the same instant revised is replaced."""
    found: list[Decision] = []
    for event in stay.events:
        decided = session.feed(event)
        if decided.revised_from is not None:
            while found and found[-1].time >= decided.revised_from:
                found.pop()
        found.extend(decided)
    return found


def _all(
    program: Program, cohort: Cohort, form: str, refused: bool, output: str | None, sign_off: str
) -> None:
    from rung_engine.session.session import Session

    tally = Tally(program.artifact)
    with Records(output, sign_off) as records, progress("stays", len(cohort.stay_ids)) as step:
        for stay in cohort.iter_stays():
            session = Session(program, silence_is_off=cohort.silence == "off")
            decisions = _decisions(session, stay)
            end = stay.events[-1].time if stay.events else 0
            tally.add(stay, decisions, end)
            records.add(stay.id, decisions)
            step()
    if form == "json":
        data = {**summary_data(tally), "unproved": program.unproved, "sign_off": sign_off or None}
        click.echo(json.dumps(data, indent=2, sort_keys=True, ensure_ascii=False))
    else:
        click.echo("\n".join([*_header(program, cohort, sign_off), "", *summary(tally)]))
    if refused:
        for words in tally.refused:
            click.echo(words)
    if output is not None:
        click.echo(f"{records.count} decision changes written to {output}", err=True)
