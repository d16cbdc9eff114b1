"""`rung diff`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from rung_lang.cli.exits import BY_WEIGHT, USAGE, Refusal
from rung_lang.cli.files import write_bytes

if TYPE_CHECKING:
    from rung_lang.cli.versions import Loaded, Pair, Versions
    from rung_lang.diff.model import Weight
    from rung_lang.report.diff_said import Sides
    from rung_lang.report.impact_said import OnCohort

PATHS = "rung.paths"


class Split(click.Command):
    """Keeps what stands after `--` apart, as git does: those are paths, and what is before are revisions."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if "--" in args:
            at = args.index("--")
            ctx.meta[PATHS] = tuple(args[at + 1 :])
            args = args[:at]
        return super().parse_args(ctx, args)


@click.command("diff", cls=Split)
@click.argument("names", nargs=-1, metavar="OLD NEW")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "markdown", "json"]),
    default="text",
    show_default=True,
    help="Markdown is the summary for a pull request.",
)
@click.option("-o", "--output", help="Where to write it; by default standard output.")
@click.option(
    "--data", "folder", metavar="DIR", help="Stays: say how many would have been treated otherwise."
)
@click.option("--mapping", help="How to read them: a shipped mapping's name, or a TOML file.")
@click.option("--set", "chosen", multiple=True, metavar="NAME=VALUE", help="A setting that the site chooses.")
@click.option(
    "--rows",
    metavar="DIR",
    help="With --data: a folder for compared.parquet and compared.json, stay by stay.",
)
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    form: str,
    output: str | None,
    folder: str | None,
    mapping: str | None,
    chosen: tuple[str, ...],
    rows: str | None,
) -> None:
    """Say what a new version changes: for whom, from what to what.

    OLD and NEW are texts, artifacts, or folders whose protocols are paired by name. Or name one or two git
    revisions, and the paths after `--`. Meanings are compared, not texts: what was only moved, renamed or
    laid out anew is no change, and that is proved.

    \b
    rung diff old/septic_shock.rung new/septic_shock.rung
    rung diff main -- protocols/
    rung diff v1.2 v1.3 -- protocols/septic_shock.rung --format markdown
    rung diff old.rungc new.rungc --data cohort/

    \b
    Exit codes: 0 both mean the same, or only words differ; 20 the protocol says
    something else about itself (sources, questions, what a site may choose);
    21 treatment differs; 22 something is promised less, or was not decided.
    """
    from rung_lang.cli.versions import versions

    found = versions(names, ctx.meta.get(PATHS))
    refuse_data_options(folder, mapping, chosen, rows)
    compared = [sides_of(pair) for pair in found.pairs]
    counted = [
        None if folder is None else on_cohort(sides, folder, mapping, chosen, place)
        for sides, place in zip(compared, _places(rows, compared), strict=True)
    ]
    text = _said(found, compared, counted, form, output)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_bytes(output, text.encode("utf-8"))
    ctx.exit(BY_WEIGHT[_weight(found, compared)])


def sides_of(pair: Pair) -> Sides:
    """The difference of two versions, with both of them."""
    from rung_lang.diff.diff import diff
    from rung_lang.report.diff_said import sides

    old, new = pair.old.artifact, pair.new.artifact
    return sides(diff(old, new), old, new)


def _weight(found: Versions, compared: Sequence[Sides]) -> Weight:
    from rung_lang.diff.model import ORDER

    weights: list[Weight] = [sides.difference.weight for sides in compared]
    if found.added or found.gone:
        weights.append("treatment")
    return max(weights, key=ORDER.index, default="none")


def _places(rows: str | None, compared: Sequence[Sides]) -> list[str | None]:
    """Where the rows of each protocol go: a folder for each, where there are several."""
    if rows is None or len(compared) == 1:
        return [rows] * len(compared)
    return [f"{rows}/{sides.difference.new.name}" for sides in compared]


def refuse_data_options(
    folder: str | None, mapping: str | None, chosen: tuple[str, ...], rows: str | None = None
) -> None:
    """Options about a cohort make sense where one is named."""
    if folder is None and (mapping is not None or chosen or rows is not None):
        named = "--rows is" if rows is not None else "--mapping and --set are"
        raise Refusal("C164", f"{named} about a cohort, and none is named.", "Add --data.", USAGE)


def on_cohort(
    sides: Sides, folder: str, mapping: str | None, chosen: tuple[str, ...], rows: str | None = None
) -> OnCohort:
    """What the difference comes to on the stays of a folder. `rows`: where it goes, stay by stay."""
    from rung_lang.cli.impact import DataOptions, impact

    return impact(sides, DataOptions(folder, mapping, chosen, rows))


def _said(
    found: Versions,
    compared: Sequence[Sides],
    counted: Sequence[OnCohort | None],
    form: str,
    output: str | None,
) -> str:
    alone = _alone(found)
    match form:
        case "json":
            return _json(found, compared, counted)
        case "markdown":
            parts = [_markdown(*both) for both in zip(compared, counted, strict=True)]
            parts += ["".join(f"- {text}\n" for text in alone)] if alone else []
            return "\n".join(parts)
        case _:
            from rung_lang.cli.show import coloured

            colour = output is None and coloured()
            parts = [_text(*both, colour=colour) for both in zip(compared, counted, strict=True)]
            parts += ["\n".join(alone)] if alone else []
            return "\n\n\n".join(parts) + "\n"


def _text(sides: Sides, cohort: OnCohort | None, *, colour: bool) -> str:
    from rung_lang.report.diff_text import lines

    more: Sequence[str] = ()
    if cohort is not None:
        from rung_lang.report import impact_said

        more = list(impact_said.lines(sides, cohort))
    return "\n".join(lines(sides, more, colour=colour))


def _markdown(sides: Sides, cohort: OnCohort | None) -> str:
    from rung_lang.report.diff_markdown import summary

    if cohort is None:
        return summary(sides)
    from rung_lang.report import impact_said

    return summary(sides, impact_said.markdown(sides, cohort))


def _data(sides: Sides, cohort: OnCohort | None) -> dict[str, Any]:
    from rung_lang.report.diff_json import data

    if cohort is None:
        return data(sides)
    from rung_lang.report import impact_said

    return {**data(sides), "cohort": impact_said.data_of(cohort)}


def _json(found: Versions, compared: Sequence[Sides], counted: Sequence[OnCohort | None]) -> str:
    from rung_lang.report.diff_json import text

    each = [_data(*both) for both in zip(compared, counted, strict=True)]
    if len(each) == 1 and not found.added and not found.gone:
        return text(each[0])
    return text(
        {
            "form": "rung diff of folders",
            "format": 1,
            "weight": _weight(found, compared),
            "protocols": each,
            "added": [_named(one) for one in found.added],
            "gone": [_named(one) for one in found.gone],
        }
    )


def _named(one: Loaded) -> dict[str, Any]:
    artifact = one.artifact
    return {"name": artifact.name, "version": artifact.version, "meaning": artifact.meaning}


def _alone(found: Versions) -> list[str]:
    said = [
        f"{one.artifact.name} {one.artifact.version} is new: nothing to compare it with."
        for one in found.added
    ]
    return said + [f"{one.artifact.name} {one.artifact.version} is gone." for one in found.gone]
