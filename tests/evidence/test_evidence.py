"""The page about real stays: its maker on made stays, and the page in the docs."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from tests.evidence.evidence import (
    CITATION,
    NEVER_TRUE,
    PROTOCOLS,
    ROOT,
    Ran,
    artifact_of,
    main,
    page,
    ran,
    why_never,
)

from rung_engine.artifact import model as m
from rung_engine.sources.claims import site_settings
from rung_engine.sources.mapping_file import shipped_mappings
from rung_engine.sources.synthetic import write_cohort
from rung_lang.report.cohort import Tally

BY_HAND = Path(__file__).with_name("read_by_hand.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    """Every protocol on three made stays, all of them in septic shock."""
    folder = tmp_path_factory.mktemp("made") / "stays"
    write_cohort(folder, 3, 7)
    return [ran((protocol, str(folder))) for protocol in PROTOCOLS]


def rows_after(lines: list[str], head: str) -> list[list[str]]:
    """The cells of the first table with that head, without the head."""
    start = next(place for place, line in enumerate(lines) if line.startswith(f"| {head} |"))
    end = lines.index("", start)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[start + 2 : end]]


def section(lines: list[str], protocol: str) -> list[str]:
    start = next(place for place, line in enumerate(lines) if line.startswith(f"`{protocol}` "))
    end = next(place for place in range(start, len(lines)) if lines[place].startswith("## "))
    return lines[start:end]


def test_each_protocol_says_whom_it_applied_to(runs: list[Ran]) -> None:
    lines = list(page(runs))
    met = {cells[0].strip("`"): cells[1] for cells in rows_after(lines, "protocol")}
    assert met == {
        "septic_shock": "3 of 3",
        "cardiogenic_shock": "0 of 3",
        "hepatorenal_syndrome": "0 of 3",
        "refractory_hypotension": "3 of 3",
        "newborn_hypotension": "0 of 3",
    }
    assert "Contradictions met at run time: 0." in lines
    assert f"> {CITATION}" in lines
    quiet = section(lines, "newborn_hypotension")
    assert quiet[0].endswith("applied to 0 stays.")
    assert quiet[2] == "Nobody it is written for was met, and none of its 5 rules spoke."


def test_hours_and_orders_are_those_of_the_decisions(runs: list[Ran]) -> None:
    septic = next(run for run in runs if run.protocol == "septic_shock")
    lines = section(list(page(runs)), "septic_shock")
    stages = {cells[0].strip("`"): cells[1:] for cells in rows_after(lines, "stage")}
    for stage, ms in septic.tally.stage_ms.items():
        hours, stays = stages[stage]
        assert abs(float(hours.replace(",", "")) - ms / 3_600_000) <= 0.05
        assert int(stays) == septic.tally.stage_stays[stage]
    orders = {cells[0].strip("`"): cells[1:] for cells in rows_after(lines, "rule that gave an order")}
    assert orders == {
        rule: [f"{n:,}", str(septic.tally.fired_stays[rule])] for rule, n in septic.tally.fired.items()
    }
    assert "throughout.volume_first" in orders


def test_every_rule_spoke_or_has_a_reason(runs: list[Ran]) -> None:
    lines = list(page(runs))
    for run in runs:
        if not run.tally.applied:
            continue
        mine = section(lines, run.protocol)
        spoke = {*run.tally.fired, *run.tally.moved}
        counted = 0
        for why, rules in rows_after(mine, "why a rule never spoke"):
            named = re.findall(r"`([^`]+)`", rules)
            assert not spoke.intersection(named)
            if "was never entered" in why:
                counted += int(re.fullmatch(r"its (\d+) rules", rules)[1])  # type: ignore[index]
            else:
                counted += len(named)
        assert counted + len(spoke) == len(run.tally.artifact.rules)


def test_what_rules_waited_for_and_why(runs: list[Ran]) -> None:
    septic = next(run for run in runs if run.protocol == "septic_shock")
    assert septic.missing_ms["arterial_line_present", "never"] > 0
    lines = section(list(page(runs)), "septic_shock")
    waited = [cells[0] for cells in rows_after(lines, "some rule waited for")]
    assert "`arterial_line_present`, never charted" in waited
    assert "`MAP`, charted too long ago" in waited


def test_rows_that_all_protocols_refuse_alike_are_told_once(runs: list[Ran]) -> None:
    refused = [
        Ran(run.protocol, run.folder, _tally(run, Counter({"negative": 2})), run.charted, run.settings)
        for run in runs
    ]
    assert rows_after(list(page(refused)), "data") == [["stays", "negative", "2"]]
    refused[0].tally.refusals["no_value"] = 5
    assert rows_after(list(page(refused)), "data")[:3] == [
        ["stays, septic_shock", "no value", "5"],
        ["stays, septic_shock", "negative", "2"],
        ["stays, cardiogenic_shock", "negative", "2"],
    ]


def _tally(run: Ran, refusals: Counter[str]) -> Tally:
    tally = Tally(run.tally.artifact)
    tally.refusals = refusals
    return tally


def test_a_contradiction_is_named(runs: list[Ran]) -> None:
    met = [Ran(run.protocol, run.folder, _tally(run, Counter()), run.charted, run.settings) for run in runs]
    met[1].tally.contradictions["pressor.hold / pressor.stop"] = 3
    lines = list(page(met))
    assert "Contradictions met at run time: 3." in lines
    assert rows_after(lines, "rules that contradicted") == [
        ["`cardiogenic_shock: pressor.hold / pressor.stop`", "3"]
    ]


@pytest.fixture(scope="module")
def septic() -> m.Artifact:
    return artifact_of("septic_shock")


@pytest.fixture
def met(septic: m.Artifact) -> Ran:
    """Everything that septic shock asks was charted, and two stages were entered."""
    tally = Tally(septic)
    tally.stage_ms.update(first_line=1, second_line=1)
    charted = frozenset((*septic.inputs, *septic.drugs, *septic.events))
    return Ran("septic_shock", "made", tally, charted, ())


def why(run: Ran, name: str = "first_line.second_agent") -> str:
    artifact = run.tally.artifact
    return why_never(artifact, next(rule for rule in artifact.rules if rule.id == name), [run])


class TestWhyARuleNeverSpoke:
    def test_its_stage_was_never_entered(self, met: Ran) -> None:
        assert why(met, "weaning.relapse") == "stage `weaning` was never entered"

    def test_no_such_patient(self, met: Ran) -> None:
        assert why(met) == NEVER_TRUE

    def test_it_waited_for_what_nobody_charts(self, met: Ran) -> None:
        waited = {"first_line.second_agent": {"MAP", "SBP"}}
        unseen = replace(met, charted=met.charted - {"MAP"}, waited=waited)
        assert why(unseen) == "waited for what nobody charts: MAP"
        assert why(replace(met, waited=waited)) == NEVER_TRUE

    def test_nobody_charts_what_it_asks(self, met: Ran) -> None:
        unseen = replace(met, charted=met.charted - {"MAP"})
        assert why(unseen) == "never true; of what it asks, nobody charts MAP"

    def test_nobody_was_given_the_drug(self, met: Ran) -> None:
        unseen = replace(met, charted=met.charted - {"vasopressin"})
        told = "never true; nobody was given vasopressin"
        assert why(unseen, "second_line.raise_again") == told

    def test_its_order_was_held_back(self, met: Ran) -> None:
        held = replace(met, held_back={"first_line.second_agent": {"before vasopressin"}})
        assert why(held) == "fired, and its order was held back: before vasopressin"

    def test_a_long_list_is_cut(self, met: Ran) -> None:
        waited = {"first_line.second_agent": set("abcdef")}
        assert why(replace(met, waited=waited)) == "waited for what nobody charts: a, b, c, d and 2 more"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_shipped_mappings_give_a_value_to_every_open_setting(protocol: str) -> None:
    artifact = artifact_of(protocol)
    left_open = {name for name, decl in artifact.settings.items() if decl.value is None}
    for mapping in shipped_mappings():
        assert left_open <= site_settings(mapping, artifact).keys(), mapping.name


def test_a_folder_that_cannot_be_read_is_told_and_nothing_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "stays" in told.err


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")


class TestThePageInTheDocs:
    def test_it_names_every_protocol_and_where_the_data_are_from(self, text: str) -> None:
        assert f"> {CITATION}" in text
        for protocol in PROTOCOLS:
            title = artifact_of(protocol).title
            assert f"\n## {title}\n\n`{protocol}` " in text

    def test_what_was_read_by_hand_ends_it(self, text: str) -> None:
        assert text.endswith(BY_HAND)

    def test_it_names_no_place_on_a_machine(self, text: str) -> None:
        assert not re.search(r"/(work|tmp|home|root|usr)\b", text)
