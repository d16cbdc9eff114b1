"""Mapping files are read strictly: what they do not say is missing, what I do not know is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.sources.folder import MAPPING, cohort, mapping, read, readings, write
from tests.sources.protocol import artifact, number

from rung_engine.sources.claims import site_settings
from rung_engine.sources.mapping import Found, choose
from rung_engine.sources.mapping_file import load_mapping, parse_mapping, shipped_mappings
from rung_engine.sources.problems import DataProblem


def _problem(text: str) -> DataProblem:
    with pytest.raises(DataProblem) as caught:
        parse_mapping(text, "made.toml")
    assert caught.value.words
    return caught.value


def test_the_shipped_mappings_are_read_and_named_after_their_files() -> None:
    shipped = shipped_mappings()
    assert [part.name for part in shipped] == ["eicu_demo", "mimic3_demo", "synthetic"]
    assert all(part.path == f"shipped:{part.name}" for part in shipped)
    assert all(part.notes for part in shipped[:2])


@pytest.mark.parametrize(
    ("was", "now", "code", "key"),
    [
        ("format = 1", "format = 2", "D122", None),
        ("format = 1", "format = true", "D122", None),
        ('name = "made"', "", "D113", "name"),
        ('title = "Made for a test"', "title = 3", "D114", "title"),
        ('silence = "unknown"', 'silence = "maybe"', "D114", "silence"),
        ("[settings.high_dose]", "[settings.high_dose]\nunit = 'x'", "D112", "settings.high_dose.unit"),
        ("[inputs.MAP]", "[inputs.MAP]\nvariabels = ['map']", "D112", "inputs.MAP.variabels"),
        ('variables = ["map"]', 'variables = "map"', "D114", "inputs.MAP.variables"),
        ('variables = ["map"]', "variables = []", "D114", "inputs.MAP.variables"),
        ('variables = ["map"]', 'variables = ["map"]\nkinds = ["set"]', "D114", "inputs.MAP.kinds"),
        ("hourly = 60", "hourly = -1", "D114", "inputs.SCr.minutes_later.hourly"),
        ('mcgkgmin = "mcg/kg/min"', 'mcgkgmin = "blobs"', "D115", "units.mcgkgmin"),
        ('"20 to 350 kg"', '"20 350 kg"', "D115", "inputs.weight.plausible"),
        ('"20 to 350 kg"', '"350 to 20 kg"', "D115", "inputs.weight.plausible"),
        ('"20 to 350 kg"', '"x to 350 kg"', "D115", "inputs.weight.plausible"),
        ('"20 to 350 kg"', '"20 to 350 lb"', "D114", "inputs.weight.plausible"),
        ('"0.05 g/mL"', '"0.05 blobs"', "D115", "drugs.albumin.rows[1].strength"),
        (
            'kinds = ["rate"], as = "dose"',
            'kinds = ["obs"], as = "dose"',
            "D114",
            "drugs.albumin.rows[1].kinds",
        ),
        ('as = "stop", status = ["D/C\'d"]', 'as = "stop"', "D113", "drugs.norepinephrine.rows[3].status"),
        ('variables = ["wbc"]\n', "", "D113", "ignore[1].variables"),
        ('unit = "years"', 'unit = "blobs"', "D115", "inputs.age.unit"),
    ],
)
def test_a_fault_is_located_by_its_key(was: str, now: str, code: str, key: str | None) -> None:
    text = MAPPING.replace(was, now)
    assert text != MAPPING
    problem = _problem(text)
    assert problem.code == code
    if key is not None:
        assert problem.facts["key"] == key


def test_a_text_that_is_no_toml_names_the_place() -> None:
    problem = _problem("format = = 1")
    assert problem.code == "D111"
    assert "line 1" in problem.facts["reason"]


def test_one_row_is_claimed_once() -> None:
    again = (
        MAPPING
        + '\n[drugs.epinephrine]\nrows = [{ variables = ["dopamine"], kinds = ["set"], as = "set" }]\n'
    )
    problem = _problem(again)
    assert (problem.code, problem.facts["first"]) == ("D116", "drugs.dopamine")
    assert problem.facts["second"] == "drugs.epinephrine"


def test_labels_that_differ_share_a_variable() -> None:
    rows = (
        '{ variables = ["intake"], kinds = ["amount"], labels = ["5%"], as = "dose", strength = "0.05 g/mL" }'
    )
    shared = MAPPING.replace("[drugs.albumin]\nrows = [", f"[drugs.albumin]\nrows = [{rows}, ")
    assert len(mapping(shared).drugs) == len(mapping().drugs)
    assert _problem(shared.replace('labels = ["5%"]', 'labels = ["NS"]')).code == "D116"


def test_a_mapping_that_is_not_there_lists_the_shipped_ones(tmp_path: Path) -> None:
    with pytest.raises(DataProblem) as caught:
        load_mapping(tmp_path / "none.toml")
    assert (caught.value.code, caught.value.facts["shipped"]) == ("D110", "eicu_demo, mimic3_demo, synthetic")
    binary = tmp_path / "binary.toml"
    binary.write_bytes(b"\xff\xfe")
    with pytest.raises(DataProblem) as caught:
        load_mapping(binary)
    assert caught.value.code == "D111"


def test_two_mappings_that_fit_are_ambiguous() -> None:
    found = Found({"stays": ("stay_id",)}, {"charting_system": ("made",)})
    assert choose((mapping(),), found, "x").name == "made"
    with pytest.raises(DataProblem) as caught:
        choose((mapping(), mapping()), found, "x")
    assert caught.value.code == "D118"


@pytest.mark.parametrize(
    ("was", "now", "code"),
    [
        ("0.25 mcg/kg/min", "0.9 mcg/kg/min", "D120"),
        ("0.25 mcg/kg/min", "0.25 mmHg", "D120"),
        ("0.25 mcg/kg/min", "much", "D120"),
        ('[settings.high_dose]\nvalue = "0.25 mcg/kg/min"', '[settings.strict]\nvalue = "perhaps"', "D120"),
        ('values = { "1" = "yes", "0" = "no" }', "", "D121"),
        ('"1" = "yes"', '"1" = "true"', "D121"),
        ('variables = ["map"]', 'variables = ["map"]\nvalues = { "1" = "yes" }', "D121"),
        ('dx_septic_shock = "septic"', 'dx_septic_shock = "toxic"', "D121"),
        ("[inputs.shock]", "[inputs.lactate]", "D121"),
    ],
)
def test_a_mapping_that_the_protocol_cannot_use_is_refused(
    tmp_path: Path, was: str, now: str, code: str
) -> None:
    text = MAPPING.replace(was, now)
    assert text != MAPPING
    with pytest.raises(DataProblem) as caught:
        cohort(write(tmp_path), text)
    assert caught.value.code == code
    assert caught.value.words


def test_a_yes_or_no_setting_is_taken_as_written(tmp_path: Path) -> None:
    text = MAPPING.replace('value = "0.25 mcg/kg/min"', 'value = "yes"').replace("high_dose", "strict")
    assert cohort(write(tmp_path), text).settings["strict"].value == "yes"


@pytest.mark.parametrize(("value", "allowed"), [("0.4", True), ("0.5", True), ("0.6", False)])
def test_the_ends_of_a_range_may_be_in_two_units(value: str, allowed: bool) -> None:
    declared = artifact()
    wide = declared.settings["high_dose"].model_copy(update={"hi": number("0.0005", "mg/kg/min")})
    asked = declared.model_copy(update={"settings": {**declared.settings, "high_dose": wide}})
    chosen = mapping(MAPPING.replace('"0.25 mcg/kg/min"', f'"{value} mcg/kg/min"'))
    if allowed:
        assert site_settings(chosen, asked)["high_dose"].value == number(value, "mcg/kg/min")
        return
    with pytest.raises(DataProblem, match="outside the range"):
        site_settings(chosen, asked)


def test_two_inputs_may_be_filled_from_one_column(tmp_path: Path) -> None:
    shock = '[inputs.shock]\nstay_flags = { dx_septic_shock = "septic" }\nwhen_no = "unknown"'
    line = '[inputs.central_access]\nvariables = ["line"]\nvalues = { "1" = "yes", "0" = "no" }'
    column = 'stay_column = "charting_system"\nvalues = { made = '
    text = MAPPING.replace(shock, f'[inputs.shock]\n{column}"septic" }}')
    text = text.replace(line, f'[inputs.central_access]\n{column}"yes" }}')
    made = read(tmp_path, text=text)
    assert readings(made, "shock") == [(0, frozenset({"septic"}))]
    assert readings(made, "central_access") == [(0, True)]
    assert len({event.id for event in made.events}) == len(made.events)
