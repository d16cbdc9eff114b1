"""`rung`: loads only the command that is asked for, and turns every failure into one coded message."""

from __future__ import annotations

import gc
import importlib
import os
import sys
from typing import Any

import click

from rung_lang import __version__
from rung_lang.cli.exits import BUG, INTERRUPTED, UNWRITABLE, USAGE, Refusal

COLLECT_AFTER = 200_000
"""New objects between two garbage collections. A compiler makes many small things that all stay; at Python's
default of 700 the collector walks them again and again and finds nothing."""

_COMMANDS = {
    "check": "Prove protocols, or find what is wrong with them; run their examples.",
    "examples": "Show what the examples exercise; find patients for what they miss.",
    "compile": "Prove a protocol and turn it into an artifact that engines execute.",
    "verify": "Judge an artifact's proof anew, without a solver where it can be.",
    "diff": "Say what a new version changes: for whom, from what to what.",
    "review": "Make the packet about a new version that a committee reads and signs.",
    "approve": "Sign an artifact and the packet about it: approve, reject or retire.",
    "keys": "Make the key that a person signs with, and show its public half.",
    "fmt": "Lay protocols out in the one canonical form.",
    "run": "Run a protocol on patients and explain every decision.",
    "cohort": "Ask a protocol about every patient of a cohort, and count its answers.",
    "graph": "Draw the decision graph as SVG, DOT or Mermaid.",
    "ask": "Answer a question by proof, with the rules, clauses and sources.",
    "document": "Write the page of a protocol: ladder, rules in sentences, doses, sources.",
    "explain": "Say what a code such as R130 means.",
}


class _Lazy(click.Group):
    """Knows the commands' names and one-line helps without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(f"rung_lang.cli.{cmd_name}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            import difflib

            near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
            hint = f" Did you mean `rung {near[0]}`?" if near else " `rung --help` lists the commands."
            raise click.UsageError(f"There is no command `{args[0]}`.{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=_Lazy,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="Exit codes: 0 clean, 1 findings, 2 usage, 3 input refused, 4 output not written, "
    "20 to 22 what a new version changes, 70 a mistake in Rung, 130 interrupted.",
)
@click.version_option(__version__, prog_name="rung")
def cli() -> None:
    """Clinical escalation protocols as code.

    A clinical lead writes rules in words; Rung checks them, compiles them, and executes them exactly.
    Start with `rung check FILE`.
    """


def run(args: list[str] | None = None) -> None:
    """The entry point. Every way to end is a documented exit code; none is a traceback."""
    gc.set_threshold(COLLECT_AFTER)
    for stream in (sys.stdout, sys.stderr):
        reconfigure: Any = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            # A pipe or an old terminal must not turn `µ` into a crash.
            reconfigure(encoding="utf-8", errors="replace")
    try:
        code = cli.main(args=args, standalone_mode=False)
        sys.stdout.flush()
    except Refusal as refusal:
        _say(f"error {refusal.code}: {refusal.words}", refusal.advice)
        code = refusal.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        code = USAGE
    except click.ClickException as error:
        _say(f"error C110: {error.format_message()}", _usage(error))
        code = USAGE
    except (KeyboardInterrupt, click.Abort):
        _say("interrupted: nothing was left half-written.", "")
        code = INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has left; what it did not read it did not want.
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())
        code = UNWRITABLE
    except RecursionError:
        _say("error C111: the text is nested too deeply for me.", "Split the condition with `define`.")
        code = 3
    except MemoryError:
        _say("error C112: there is not enough memory for this.", "Try a smaller file or fewer stays.")
        code = 3
    except Exception as error:
        if os.environ.get("RUNG_DEBUG"):
            raise
        _say(
            f"error C199: this is a mistake in Rung, not in your text ({type(error).__name__}: {error}).",
            "Please report it with the file and this line; RUNG_DEBUG=1 shows more.",
        )
        code = BUG
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: click.ClickException) -> str:
    context = getattr(error, "ctx", None)
    return f"`{context.command_path} --help` shows how it is used." if context is not None else ""


def _say(words: str, advice: str) -> None:
    click.echo(words, err=True)
    if advice:
        click.echo(f"  help: {advice}", err=True)
