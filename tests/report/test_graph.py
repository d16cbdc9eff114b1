"""The decision graph as DOT, Mermaid and SVG: whole, escaped, the same bytes, nothing over anything."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations, pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.laws.settings import tried

from rung_engine.artifact import model as m
from rung_lang.report.graph import to_dot, to_mermaid, to_svg
from rung_lang.report.ladder import Ladder, ladder_of
from rung_lang.report.layout import PAGE_H, PAGE_W, Sheet, layout
from rung_lang.report.lettering import ELLIPSIS, clean, width, wrap
from rung_lang.report.panels import Box, Placed
from rung_lang.report.wires import Point

GOLDEN = Path(__file__).parent / "golden"
REWRITE = os.environ.get("RUNG_REWRITE") == "1"
SVG = "{http://www.w3.org/2000/svg}"
NASTY = 'a "quoted" <script>alert(1)</script> & \\N ]--> %%{init: {}}%%\n`code` \x00\ud800\u202e#quot; ]]>'


# ---------------------------------------------------------------- artifacts by hand


@dataclass
class Drawn:
    """A decision graph in the making, in the form that `lower.graph` gives it."""

    nodes: list[m.Node] = field(default_factory=list)
    edges: list[m.Edge] = field(default_factory=list)
    stages: list[m.Stage] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)
    positions: dict[str, m.Position] = field(default_factory=dict)

    def stage(self, name: str, title: str = "", starts: str | None = None, resting: bool = False) -> None:
        """`starts` is the condition of an initial stage, empty where it has none."""
        condition = None
        if starts:
            condition = len(self.words)
            self.words[str(condition)] = starts
        initial = None if starts is None else len(self.stages)
        self.stages.append(
            m.Stage(name=name, title=title, initial=initial, initial_if=condition, resting=resting)
        )
        self._at(f"stage:{name}")
        self.nodes.append(
            m.Node(
                id=f"stage:{name}",
                kind="stage",
                label=title or name,
                stage=name,
                initial=starts is not None,
                resting=resting,
            )
        )

    def rule(
        self, name: str, when: str, *then: str, title: str = "", to: tuple[str, ...] = (), unless: str = ""
    ) -> None:
        """In the latest stage, or throughout by its name; `to` names stages, or ends after a quote."""
        stage = self.stages[-1].name if self.stages and not name.startswith("throughout.") else None
        rule = name if stage is None else f"{stage}.{name}"
        self._at(rule)
        exception = (f"unless {unless}",) if unless else ()
        detail = (f"when {when}", *(f"then {order}" for order in then), *exception)
        label = title or rule.partition(".")[2]
        self.nodes.append(m.Node(id=f"rule:{rule}", kind="rule", label=label, detail=detail, stage=stage))
        if stage is not None:
            self.edges.append(m.Edge(source=f"stage:{stage}", target=f"rule:{rule}", kind="holds"))
        for target in to:
            end = target.startswith('"')
            id_ = f"end:{target[1:]}" if end else f"stage:{target}"
            self.edges.append(m.Edge(source=f"rule:{rule}", target=id_, kind="goes", label=title or when))
            if end and all(node.id != id_ for node in self.nodes):
                self.nodes.append(m.Node(id=id_, kind="end", label=target[1:]))

    def _at(self, key: str) -> None:
        self.positions[key] = m.Position(file="p.rung", line=len(self.positions) + 1, column=1)

    def artifact(self, name: str, title: str) -> m.Artifact:
        return m.Artifact(
            format=m.FORMAT,
            language=m.LANGUAGE,
            compiler="by hand",
            name=name,
            title=title,
            version="1.0.0",
            settle=0,
            applies=None,
            units={},
            inputs={},
            drugs={},
            classes={},
            panels={},
            events={},
            tasks={},
            courses={},
            outcomes={},
            settings={},
            sources={},
            incompatible=(),
            restricts=(),
            befores=(),
            terms=(),
            defines={},
            stages=tuple(sorted(self.stages, key=lambda stage: stage.name)),
            rules=(),
            assumptions=(),
            properties=(),
            proofs=(),
            questions=(),
            ownership=(),
            graph=m.Graph(
                nodes=tuple(sorted(self.nodes, key=lambda node: (node.kind, node.id))),
                edges=tuple(sorted(self.edges, key=lambda edge: (edge.kind, edge.source, edge.target))),
            ),
            provenance=m.Provenance(files=(), positions=self.positions, words=self.words),
            certificate=m.Certificate(),
            meaning="0123456789abcdef" * 4,
            seal="",
        )


def septic() -> m.Artifact:
    d = Drawn()
    d.rule(
        "throughout.ischaemia_watch",
        "vasopressin running",
        "measure lactate every 2 to 4 h",
        "do check_digits every 2 to 4 h",
        unless="comfort_care",
    )
    d.stage("resuscitation", "Restore volume", starts="")
    d.rule(
        "volume_first",
        "hypotensive and not fluids_adequate",
        "recommend give crystalloid totalling 30 mL/kg within 3 h",
    )
    d.rule("rule_2", "hypotensive and fluids_adequate", "go to first_line", to=("first_line",))
    d.stage("first_line", "Norepinephrine", starts="norepinephrine running")
    d.rule(
        "begin",
        "hypotensive and norepinephrine off",
        "recommend start norepinephrine at 0.02 to 0.05 mcg/kg/min",
    )
    d.rule(
        "titrate_norepinephrine",
        "MAP < map_target and norepinephrine running",
        "increase norepinephrine by 0.02 mcg/kg/min every 5 min up to 0.5 mcg/kg/min",
    )
    d.rule(
        "second_agent",
        "norepinephrine >= 0.1 mcg/kg/min and MAP < 65 mmHg",
        "add vasopressin at 0.03 units/min",
        "go to second_line",
        title="Add vasopressin",
        to=("second_line",),
    )
    d.stage("second_line", "Norepinephrine and vasopressin")
    d.rule(
        "refractory",
        "(hypotensive and norepinephrine >= high_dose) for 4 h",
        "either add epinephrine at 0.05 to 2 mcg/kg/min or give hydrocortisone 200 mg/day",
    )
    d.rule("rule_2", "MAP >= 75 mmHg for 1 h", "go to weaning", to=("weaning",))
    d.stage("weaning", "Taper, norepinephrine last", resting=True)
    d.rule(
        "taper_vasopressin",
        "MAP >= 75 mmHg for 1 h and vasopressin running",
        "taper vasopressin by 0.01 units/min every 30 min",
    )
    d.rule("rule_2", "MAP < map_target for 10 min", "go to second_line", to=("second_line",))
    return d.artifact("septic_shock", "Vasopressor escalation in adult septic shock")


def nine() -> m.Artifact:
    """Nine stages, nineteen rules, two outcomes."""
    d = Drawn()
    d.rule(
        "throughout.line",
        "not central_access and norepinephrine running for 6 h",
        "do central_line within 2 h",
    )
    d.rule("throughout.arrest", "pulseless", "go to arrest", title="Cardiac arrest", to=("arrest",))
    d.stage("assessment", "Recognise and assess", starts="")
    d.rule(
        "readings", "MAP unknown or lactate unknown", "measure lactate every 2 h", "measure MAP continuously"
    )
    d.rule("low", "hypotensive", "go to fluids", title="Hypotension found", to=("fluids",))
    d.rule(
        "false_alarm",
        "not hypotensive for 6 h and lactate < 2 mmol/L",
        'finish "no shock"',
        to=('"no shock',),
    )
    d.stage("fluids", "Restore volume")
    d.rule(
        "bolus",
        "hypotensive and not fluids_adequate",
        "must give crystalloid 500 mL totalling 30 mL/kg within 3 h",
    )
    d.rule("overload", "volume_overload", "avoid crystalloid", "go to first_line", to=("first_line",))
    d.rule("enough", "hypotensive and fluids_adequate", "go to first_line", to=("first_line",))
    d.stage("first_line", "Norepinephrine", starts="norepinephrine running and vasopressin off")
    d.rule("begin", "hypotensive and norepinephrine off", "start norepinephrine at 0.02 to 0.05 mcg/kg/min")
    d.rule(
        "more", "norepinephrine >= 0.1 mcg/kg/min and MAP < 65 mmHg", "go to second_line", to=("second_line",)
    )
    d.rule("better", "MAP >= 75 mmHg for 1 h", "go to weaning", to=("weaning",))
    d.stage("second_line", "Add vasopressin", starts="vasopressin running")
    d.rule("add", "hypotensive and vasopressin off", "add vasopressin at 0.03 units/min")
    d.rule("steroid", "norepinephrine >= 0.25 mcg/kg/min for 4 h", "consider give hydrocortisone 200 mg/day")
    d.rule(
        "third",
        "hypotensive for 30 min and norepinephrine >= high_dose",
        "go to third_line",
        to=("third_line",),
    )
    d.stage("third_line", "Epinephrine or inotrope")
    d.rule(
        "pump",
        "cardiac_index < 2.2 L/min/m2",
        "add dobutamine at 2.5 to 20 mcg/kg/min",
        "go to rescue",
        to=("rescue",),
    )
    d.rule(
        "improved",
        "MAP >= 70 mmHg for 2 h",
        "go to second_line",
        title="Holding on two agents",
        to=("second_line",),
    )
    d.stage("rescue", "Rescue and mechanical support")
    d.rule("call", "hypotensive", 'must notify "ECMO team" within 15 min')
    d.rule("recovering", "MAP >= 70 mmHg for 4 h", "go to third_line", to=("third_line",))
    d.stage("weaning", "Taper, norepinephrine last", resting=True)
    d.rule("again", "MAP < map_target for 10 min", "go to first_line", title="Relapse", to=("first_line",))
    d.rule("off", "all_agents_off for 24 h", "go to observation", to=("observation",))
    d.stage("arrest", "Cardiac arrest")
    d.rule("rosc", "return_of_circulation", "go to first_line", to=("first_line",))
    d.stage("observation", "Observe after vasopressors", resting=True)
    d.rule("done", "time in stage >= 48 h", 'finish "shock resolved"', to=('"shock resolved',))
    return d.artifact("shock_ladder", "Shock, from recognition to recovery")


def generated(seed: int, size: int, wordy: int = 16) -> m.Artifact:
    """About `size` nodes: stages, rules that stay or go anywhere, ends, throughout."""
    pick = random.Random(seed)
    words = "MAP lactate hypotensive norepinephrine >= 0.1 mcg/kg/min and or not for 4 h fluids_adequate"

    def phrase(most: int) -> str:
        return " ".join(pick.choice(words.split()) for _ in range(pick.randint(1, most)))

    d = Drawn()
    stages = [f"stage_{n}" for n in range(max(2, size // pick.randint(3, 5)))]
    targets = [*stages, *(f'"outcome {n}' for n in range(pick.randint(0, 3)))]

    def rules(owner: str, number: int) -> None:
        for n in range(number):
            to = tuple(pick.choices(targets, k=pick.choice((0, 0, 1, 1, 1, 2))))
            title = pick.choice(("", phrase(5)))
            orders = (phrase(wordy * 3 // 4) for _ in range(pick.randint(1, 3)))
            unless = pick.choice(("", phrase(wordy)))
            d.rule(f"{owner}rule_{n}", phrase(wordy), *orders, title=title, to=to, unless=unless)

    for n, name in enumerate(stages):
        starts = None if n and pick.random() < 0.8 else pick.choice(("", phrase(6)))
        d.stage(name, pick.choice(("", phrase(7))), starts, resting=pick.random() < 0.3)
        rules("", max(0, round((size - len(stages)) / len(stages)) + pick.randint(-1, 1)))
    rules("throughout.", pick.randint(0, 3))
    return d.artifact("generated", phrase(9))


SAMPLES: dict[str, Callable[[], m.Artifact]] = {
    "septic": septic,
    "nine": nine,
    "sixty": lambda: generated(60, 60, wordy=8),
}
FORMS = {"svg": to_svg, "dot": to_dot, "mmd": to_mermaid}


# ---------------------------------------------------------------- the bytes


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("form", FORMS)
def test_the_drawing_is_the_golden_one(name: str, form: str) -> None:
    drawn = FORMS[form](SAMPLES[name]())
    golden = GOLDEN / f"{name}.{form}"
    if REWRITE:
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(drawn, encoding="utf-8", newline="\n")
    assert drawn == golden.read_bytes().decode()


def test_the_bytes_do_not_depend_on_the_seed_of_the_hash() -> None:
    program = (
        "import sys, hashlib; from pydantic import TypeAdapter; "
        "from rung_engine.artifact.model import Artifact; "
        "from rung_lang.report.graph import to_dot, to_mermaid, to_svg; "
        "a = TypeAdapter(Artifact).validate_json(sys.stdin.read()); "
        "print(*(hashlib.sha256(f(a).encode()).hexdigest() for f in (to_dot, to_mermaid, to_svg)))"
    )
    text = generated(7, 30).model_dump_json()
    found = set()
    for seed in ("0", "1", "4711"):
        env = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", program]
        ran = subprocess.run(command, input=text, capture_output=True, text=True, env=env, check=True)
        found.add(ran.stdout)
    assert len(found) == 1


def test_the_order_of_nodes_and_edges_does_not_matter_where_the_text_is_known() -> None:
    artifact = nine()
    turned = artifact.graph.model_copy(
        update={"nodes": artifact.graph.nodes[::-1], "edges": artifact.graph.edges[::-1]}
    )
    first, second = ladder_of(artifact), ladder_of(artifact.model_copy(update={"graph": turned}))
    assert [p for p in first.panels if p.kind != "end"] == [p for p in second.panels if p.kind != "end"]
    assert set(first.moves) == set(second.moves)


# ---------------------------------------------------------------- escaping


def nasty() -> m.Artifact:
    d = Drawn()
    d.stage("one", NASTY, starts=NASTY)
    d.rule("first", NASTY, NASTY, title=NASTY, to=("two", f'"{NASTY}'))
    d.rule("rule_2", NASTY, NASTY, to=("two",))
    d.stage("two", "1. " + NASTY, resting=True)
    artifact = d.artifact("nasty", NASTY)
    return artifact.model_copy(update={"version": NASTY, "status": NASTY})


def test_an_svg_holds_the_author_s_text_as_text_only() -> None:
    drawn = to_svg(nasty())
    drawn.encode()
    root = ElementTree.fromstring(drawn)
    tags = {element.tag.removeprefix(SVG) for element in root.iter()}
    assert tags <= {"svg", "title", "desc", "rect", "g", "path", "circle", "text"}
    attributes = {name for element in root.iter() for name in element.attrib}
    assert not any(name.startswith("on") or "href" in name or name == "style" for name in attributes)
    assert "<script>alert(1)</script>" in (root.findtext(f"{SVG}desc") or "")
    assert "\u202e" not in drawn


def test_dot_holds_the_author_s_text_in_quotes_only() -> None:
    drawn = to_dot(nasty())
    drawn.encode()
    outside = re.sub(r'"(?:[^"\\]|\\.)*"', "", drawn)
    assert '"' not in outside
    assert set(re.findall(r"[^\s]", outside)) <= set("abcdefghijklmnopqrstuvwxyzBT0123456789_=,;[]{}->. ")
    assert not re.search(r"(?<!\\)(?:\\\\)*\\[^nl\"\\]", drawn)
    assert "<script" not in drawn and "&lt;script>" in drawn


def test_mermaid_holds_the_author_s_text_in_entities_only() -> None:
    drawn = to_mermaid(nasty())
    drawn.encode()
    lines = drawn.splitlines()
    assert lines[0] == "flowchart TB"
    label = r'"(?:[\w .,:/+=()\'·–≤≥°µ-]|#\d+;|<br/>)*"'
    shape = re.compile(
        rf"  subgraph p\d+\[{label}\]|    p\d+r\d+\[{label}\]|  end|  p\d+\(\({label}\)\)"
        rf"|  p\d+r\d+ (?:-->|-\.->)\|{label}\| p\d+"
    )
    assert [line for line in lines[1:] if not shape.fullmatch(line)] == []
    assert '["1. ' not in drawn


# ---------------------------------------------------------------- what a reader is told


def test_the_drawing_has_a_name_and_a_description_for_those_who_cannot_see_it() -> None:
    root = ElementTree.fromstring(to_svg(septic()))
    assert root.get("role") == "img"
    title, desc = root[0], root[1]
    assert (root.get("aria-labelledby"), root.get("aria-describedby")) == (title.get("id"), desc.get("id"))
    assert title.text == "Vasopressor escalation in adult septic shock"
    assert "Leads back to Norepinephrine and vasopressin." in (desc.text or "")


@pytest.mark.parametrize("name", SAMPLES)
def test_every_word_of_a_rule_that_fits_four_lines_is_on_the_sheet(name: str) -> None:
    artifact = SAMPLES[name]()
    sheet = layout(ladder_of(artifact))
    for placed in sheet.placed:
        shown = " ".join(line.text for line in placed.lines if line.style == "body")
        if ELLIPSIS not in shown:
            said = [line.partition(" ")[2] for row in placed.panel.rows for line in row.lines]
            assert shown == " ".join(said)
    if name != "sixty":
        assert not any(ELLIPSIS in line.text for placed in sheet.placed for line in placed.lines)


def test_the_ladder_of_the_sample_goes_up_by_the_right_and_back_by_the_left() -> None:
    ladder = ladder_of(septic())
    assert [panel.id for panel in ladder.panels] == [
        "stage:resuscitation",
        "stage:first_line",
        "stage:second_line",
        "stage:weaning",
        "throughout",
    ]
    assert [move.way for move in ladder.moves] == ["onward", "onward", "onward", "back"]
    assert [panel.starts for panel in ladder.panels[:2]] == [
        "Starts here otherwise",
        "Starts here if norepinephrine running",
    ]


def test_a_stage_stands_below_every_stage_that_leads_onward_to_it() -> None:
    for artifact in (nine(), *(generated(seed, 40) for seed in range(10))):
        ladder = ladder_of(artifact)
        place = {panel.id: number for number, panel in enumerate(ladder.panels)}
        for move in ladder.moves:
            if move.way != "anywhere":
                assert (place[move.target] > place[move.source]) == (move.way == "onward")


def test_a_stage_that_goes_on_without_a_rule_says_so() -> None:
    artifact = septic()
    edge = m.Edge(source="stage:resuscitation", target="stage:weaning", kind="goes", label="MAP >= 90 mmHg")
    graph = artifact.graph.model_copy(update={"edges": (*artifact.graph.edges, edge)})
    ladder = ladder_of(artifact.model_copy(update={"graph": graph}))
    assert ladder.panels[0].rows[-1].lines == ("when MAP >= 90 mmHg", "then go to Taper, norepinephrine last")
    assert ladder.moves[-4].label == "MAP >= 90 mmHg"


def test_an_empty_protocol_has_a_sheet_of_its_own() -> None:
    root = ElementTree.fromstring(to_svg(Drawn().artifact("empty", "")))
    assert root.findtext(f"{SVG}title") == "empty"


# ---------------------------------------------------------------- geometry


def segments(points: tuple[Point, ...]) -> Iterator[Box]:
    for (ax, ay), (bx, by) in pairwise(points):
        assert ax == bx or ay == by
        yield Box(min(ax, bx), min(ay, by), abs(ax - bx), abs(ay - by))


def inside(box: Box, around: Box) -> bool:
    return (
        around.x <= box.x and around.y <= box.y and box.right <= around.right and box.bottom <= around.bottom
    )


def check(sheet: Sheet, ladder: Ladder) -> None:
    boxes = [placed.box for placed in sheet.placed]
    labels = [label.box for label in sheet.labels]
    starts = [Box(p.box.x + 10, p.box.y - 23, 20, 23) for p in sheet.placed if p.panel.starts]
    assert len(sheet.wires) == len(ladder.moves) == len(labels)
    for one, other in combinations([*boxes, *labels, *starts], 2):
        assert not one.meets(other)
    for box in (*boxes, *labels, *(s for wire in sheet.wires for s in segments(wire.points))):
        assert inside(box, sheet.box)
    for placed in sheet.placed:
        written = [line.box for line in placed.lines]
        assert all(inside(box, placed.box) for box in written)
        assert not any(one.meets(other) for one, other in combinations(written, 2))
    check_wires(sheet, [*boxes, *labels, *starts])
    assert sheet.box.w * sheet.scale <= PAGE_W + 0.01
    assert sheet.box.h * sheet.scale <= PAGE_H + 0.01


def check_wires(sheet: Sheet, solid: list[Box]) -> None:
    placed = {p.panel.id: p for p in sheet.placed}
    runs: list[tuple[tuple[str, str, int], Box]] = []
    for wire in sheet.wires:
        source, target = placed[wire.move.source], placed[wire.move.target]
        assert on_a_side(wire.points[0], source) and on_a_side(wire.points[-1], target)
        net = (wire.move.target, wire.move.way, source.box.x)
        for run in segments(wire.points):
            assert not any(run.meets(box) for box in solid)
            runs.append((net, run))
    for (one_net, one), (other_net, other) in combinations(runs, 2):
        if one_net != other_net and (one.w > 0) == (other.w > 0):
            thick = Box(one.x - 1, one.y - 1, one.w + 2, one.h + 2)
            assert not thick.meets(other), (one_net, one, other_net, other)
    heads = {(w.move.target, w.move.way, placed[w.move.source].box.x) for w in sheet.wires if w.head}
    assert heads == {net for net, _ in runs}


def on_a_side(point: Point, placed: Placed) -> bool:
    x, y = point
    return x in (placed.box.x, placed.box.right) and placed.box.y < y < placed.box.bottom


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_of_a_sample_lies_over_anything_else(name: str) -> None:
    ladder = ladder_of(SAMPLES[name]())
    check(layout(ladder), ladder)


@settings(max_examples=tried(25), deadline=None)
@given(seed=st.integers(0, 10**6), size=st.integers(4, 64))
def test_nothing_of_any_graph_lies_over_anything_else(seed: int, size: int) -> None:
    ladder = ladder_of(generated(seed, size))
    check(layout(ladder), ladder)


# ---------------------------------------------------------------- lettering


@given(st.text(max_size=200), st.integers(30, 300), st.integers(1, 5))
def test_no_line_is_wider_than_its_room_and_nothing_is_lost_unsaid(text: str, room: int, most: int) -> None:
    lines = wrap(text, room, 12, most=most)
    assert len(lines) <= most
    assert all(width(line, 12) <= room for line in lines)
    whole = "".join(lines).replace(" ", "") == clean(text).replace(" ", "")
    assert whole or lines[-1].endswith(ELLIPSIS)


@given(st.text(max_size=100))
def test_clean_text_is_one_line_of_what_xml_can_hold(text: str) -> None:
    from_xml = ElementTree.fromstring(f"<t>{to_svg_text(text)}</t>").text or ""
    assert from_xml == clean(text)
    assert "\n" not in clean(text)


def to_svg_text(text: str) -> str:
    return clean(text).replace("&", "&amp;").replace("<", "&lt;")
