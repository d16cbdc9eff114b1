"""The GitHub Action, the workflow that shows it, the pre-commit hooks: they load, and do what they say."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from rung_lang.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / ".github" / "actions" / "review"
HOOKS = ROOT / ".pre-commit-hooks.yaml"

FAKE = r"""#!/usr/bin/env bash
# Stands in for rung: exit codes by what the texts say.
echo "$*" >>"$CALLS"
case $1 in
diff)
  for word; do [[ $before == -o ]] && out=$word; before=$word; done
  echo "# What changes" >"${out:-/dev/stdout}"
  files=("${@:$(($# < 1 ? 1 : $#))}")
  [[ -d ${files[0]} ]] && mapfile -t files < <(find "${files[0]}" -name '*.rung')
  code=0
  for file in "${files[@]}"; do
    now=$(sed -n 's/^# differs \([0-9]*\)/\1/p' "$file"); ((${now:-0} > code)) && code=$now
  done
  exit "$code" ;;
verify)
  grep -q "^needs nobody" "${@: -1}" && exit 0
  echo "sign-off in review"; test -e "${2%.rungc}.signed" ;;
esac
"""


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def git(place: Path, *words: str) -> str:
    asked = ("git", "-c", "user.name=A", "-c", "user.email=a@example.org", *words)
    return subprocess.run(asked, cwd=place, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A repository whose base has two protocols, a formulary and a policy; a `rung` that is a stand-in."""
    tool = tmp_path / "bin" / "rung"
    tool.parent.mkdir()
    tool.write_text(FAKE, encoding="utf-8")
    tool.chmod(0o755)
    folder = tmp_path / "repository"
    (folder / "protocols").mkdir(parents=True)
    for name in ("septic", "cardiac"):
        (folder / "protocols" / f"{name}.rung").write_text(f'protocol {name} "A protocol"\n', "utf-8")
    (folder / "protocols" / "drugs.rung").write_text('formulary drugs "Drugs"\n# differs 21\n', "utf-8")
    (folder / "protocols" / "policy.toml").write_text("format = 1\n", "utf-8")
    git(folder, "init", "--quiet", ".")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "base")
    return folder


def reviewed(place: Path, policy: str = "protocols/policy.toml") -> tuple[int, str, str, list[str]]:
    """How the script ends, the summary, what it gives back, and the commands it ran."""
    git(place, "add", ".")
    git(place, "commit", "--quiet", "--allow-empty", "-m", "change")
    files = {name: place.parent / name for name in ("summary", "given", "calls")}
    for file in files.values():
        file.write_text("", "utf-8")
    ended = subprocess.run(
        ["bash", ACTION / "review.sh"],
        cwd=place,
        env={
            **os.environ,
            "PATH": f"{place.parent / 'bin'}:{os.environ['PATH']}",
            "BASE": git(place, "rev-list", "--max-parents=0", "HEAD"),
            "PATHS": "protocols/\n",
            "POLICY": policy,
            "GITHUB_STEP_SUMMARY": str(files["summary"]),
            "GITHUB_OUTPUT": str(files["given"]),
            "CALLS": str(files["calls"]),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    summary, given, calls = (file.read_text("utf-8") for file in files.values())
    return ended.returncode, summary + ended.stderr, given, calls.splitlines()


def change(place: Path, name: str, code: int) -> None:
    text = place / "protocols" / f"{name}.rung"
    text.write_text(text.read_text("utf-8") + f"# differs {code}\n", "utf-8")


def test_wording_needs_nobody(place: Path) -> None:
    (place / "protocols" / "drugs.rung").write_text('formulary drugs "Drugs"\n', "utf-8")
    code, summary, given, calls = reviewed(place)
    assert (code, given) == (0, "weight=none\n")
    assert "# What changes" in summary
    assert not [call for call in calls if call.startswith("verify")]


@pytest.mark.parametrize(("found", "weight"), [(20, "papers"), (21, "treatment"), (22, "safety")])
def test_more_than_wording_needs_those_who_must_sign(place: Path, found: int, weight: str) -> None:
    (place / "protocols" / "drugs.rung").write_text('formulary drugs "Drugs"\n', "utf-8")
    change(place, "septic", found)
    code, summary, given, calls = reviewed(place)
    assert (code, given) == (1, f"weight={weight}\n")
    assert "### Sign-off: protocols/septic.rung" in summary and "cardiac" not in summary
    assert "compile protocols/septic.rung" in calls
    (place / "protocols" / "septic.signed").touch()
    assert reviewed(place)[0] == 0


def test_a_change_cannot_excuse_itself_by_its_own_policy(place: Path) -> None:
    change(place, "septic", 21)
    (place / "protocols" / "policy.toml").write_text("needs nobody\n", "utf-8")
    assert reviewed(place)[0] == 1
    code, said, _, _ = reviewed(place, policy="protocols/other.toml")
    assert (code, "Merge the policy first" in said) == (1, True)


def test_a_protocol_that_is_gone_is_somebodys_decision(place: Path) -> None:
    (place / "protocols" / "septic.rung").unlink()
    code, summary, _, _ = reviewed(place)
    assert (code, "septic is gone" in summary) == (1, True)


def test_a_failure_of_the_comparison_is_one_of_the_check(place: Path) -> None:
    change(place, "septic", 3)
    (place / "protocols" / "drugs.rung").write_text('formulary drugs "Drugs"\n', "utf-8")
    assert reviewed(place)[0] == 3


# ---------------------------------------------------------------- what the files say


def test_the_action_runs_its_script_with_what_it_is_given() -> None:
    action = loaded(ACTION / "action.yml")
    steps = action["runs"]["steps"]
    assert action["runs"]["using"] == "composite"
    assert steps[-1]["run"] == 'bash "$GITHUB_ACTION_PATH/review.sh"'
    script = (ACTION / "review.sh").read_text("utf-8")
    assert set(steps[-1]["env"]) == set(re.findall(r'\$\{(\w+):\?\}"', script)) == {"BASE", "PATHS", "POLICY"}
    assert set(action["inputs"]) >= {"base", "paths", "policy"}


def test_the_workflow_uses_the_action_with_inputs_that_it_has() -> None:
    action = loaded(ACTION / "action.yml")
    workflow = loaded(ROOT / ".github" / "workflows" / "protocols.yml")
    checkout, used = workflow["jobs"]["review"]["steps"]
    assert checkout["with"]["fetch-depth"] == 0
    assert (ROOT / used["uses"] / "action.yml").is_file()
    assert set(used["with"]) <= set(action["inputs"])


def test_every_command_that_they_name_exists_with_these_options() -> None:
    context = click.Context(cli)
    script = (ACTION / "review.sh").read_text("utf-8")
    lines = [line for line in script.splitlines() if not line.lstrip().startswith(("#", "echo"))]
    entries = [hook["entry"] for hook in loaded(HOOKS)]
    named = re.findall(r"\brung ([a-z]+)((?: [^|;&>\n]+)?)", "\n".join([*lines, *entries]))
    assert {name for name, _ in named} >= {"diff", "compile", "verify", "check", "fmt"}
    for name, rest in named:
        command = cli.get_command(context, name)
        assert command is not None, name
        options = {one for parameter in command.params for one in parameter.opts}
        asked = {word for word in rest.split(" -- ")[0].split() if re.fullmatch(r"--?[a-z-]+", word)}
        assert asked - {"--"} <= options, (name, asked)


def test_the_hook_lets_a_change_pass_and_stops_what_is_less_safe(tmp_path: Path) -> None:
    (hook,) = [one for one in loaded(HOOKS) if one["id"] == "rung-diff"]
    tool = tmp_path / "rung"
    for found, passes in ((0, True), (20, True), (21, True), (22, False), (1, False)):
        tool.write_text(f'#!/bin/sh\ntest "$*" = "diff HEAD -- ." && exit {found}\nexit 99\n', "utf-8")
        tool.chmod(0o755)
        environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"}
        asked = [*shlex.split(hook["entry"]), *hook["args"]]
        ended = subprocess.run(asked, env=environment, check=False)
        assert (ended.returncode == 0) is passes, found
