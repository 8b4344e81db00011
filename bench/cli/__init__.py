"""The command line: `main` and its sub-commands, each imported only when it is called.

Exit codes: 0 done; 1 done, but trials failed, or bench itself failed; 2 the input was wrong;
130 interrupted; 141 whoever read our output stopped reading. A traceback is shown with ``--debug``
alone.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import click

from bench import BenchError, __version__
from bench.report.text import clean
from bench.spec.errors import ResultsWarning

_MAX_MESSAGE = 2000

COMMANDS = {
    "run": ("bench.cli.run:run", "Measure models on datasets, as a suite says."),
    "list": ("bench.cli.list:list_", "List what is installed, and the runs so far."),
    "show": ("bench.cli.results:show", "Show a run or one of its trials."),
    "leaderboard": ("bench.cli.leaderboard:leaderboard", "Rank the models of one or more runs."),
    "report": ("bench.cli.report:report", "Write one page that answers, from one or more runs."),
    "compare": ("bench.cli.compare:compare", "Say what changed between two runs, beyond noise."),
    "choose": ("bench.cli.choose:choose", "Find which model fits a table of your own."),
    "publish": ("bench.cli.publish:publish", "Make a static site of many runs."),
    "check": ("bench.cli.check:check", "Check that a plugin keeps what plugins promise."),
    "new": ("bench.cli.new:new", "Begin a plugin package of your own."),
    "plugins": ("bench.cli.plugins:plugins", "Switch plugins off and on."),
    "export": ("bench.cli.results:export", "Write the tables of a run in another format."),
    "info": ("bench.cli.info:info", "Show versions, this machine, and where things are kept."),
}
"""Name of each sub-command, where it is, and its help in one line."""


class LazyGroup(click.Group):
    """The group of `COMMANDS`, and the one place where errors become messages and exit codes."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a sub-command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of sub-commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a sub-command."""
        try:
            with _told_of_damage():
                value = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe is to be noticed here, not when Python exits
            return value
        except (click.exceptions.Exit, click.ClickException):
            raise
        except (KeyboardInterrupt, click.Abort):
            click.echo("Interrupted.", err=True)
            ctx.exit(130)
        except BenchError as error:
            _show_traceback(ctx)
            raise _WrongInput(clean(str(error), lines=True)) from None
        except Exception as error:
            if isinstance(error, BrokenPipeError) and _stdout_is_closed():
                ctx.exit(141)
            _show_traceback(ctx)
            # A full disk, a folder that may not be written: not a fault of any program.
            whose = "" if isinstance(error, OSError) else "It is a fault of bench or of a plugin; "
            raise _Fault(
                f"{type(error).__name__}: {clean(str(error)[:_MAX_MESSAGE], lines=True)}\n"
                f"{whose}'bench --debug ...' shows where it happened."
            ) from None


@contextmanager
def _told_of_damage() -> Iterator[None]:
    """Print what is damaged in a folder of results as one line, each once; the command goes on."""
    told: set[str] = set()
    with warnings.catch_warnings():
        others = warnings.showwarning

        def show(message: Any, category: Any, *where: Any) -> None:
            if not issubclass(category, ResultsWarning):
                others(message, category, *where)
            elif str(message) not in told:
                told.add(str(message))
                click.echo(f"Warning: {clean(str(message), lines=True)}", err=True)

        warnings.simplefilter("always", ResultsWarning)
        warnings.showwarning = show  # type: ignore[assignment]
        yield


class _WrongInput(click.ClickException):
    exit_code = 2


class _Fault(click.ClickException):
    exit_code = 1


def _show_traceback(ctx: click.Context) -> None:
    if ctx.params.get("debug"):
        traceback.print_exc()


def _stdout_is_closed() -> bool:
    """Return whether nobody reads our output: an error is not always of that pipe."""
    import os
    import select

    poll = select.poll()
    poll.register(1, 0)
    if not any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0)):
        return False
    # What is still buffered goes nowhere, so that Python does not complain when it exits.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return True


# The commands are also there as stubs, by which click suggests the nearest one.
@click.group(
    cls=LazyGroup,
    commands=[click.Command(name) for name in COMMANDS],
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="bench")
@click.option("--debug", is_flag=True, envvar="BENCH_DEBUG", help="Show tracebacks of errors.")
def main(debug: bool) -> None:
    """Classical machine learning or deep learning, which fits this task?

    Answered by measurement: 'bench run quick' measures both on bundled data, in two minutes.
    """
    if sys.platform == "win32":
        raise click.UsageError(
            "bench runs on Linux and macOS. On Windows, use it inside WSL: "
            "https://learn.microsoft.com/windows/wsl/install"
        )
