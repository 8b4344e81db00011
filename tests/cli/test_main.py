"""What the command line makes of errors: one message, and the exit code that says its kind."""

import os
import subprocess
import sys
import types

import click
import pytest
from click.testing import CliRunner

import bench
from bench.cli import COMMANDS, main


@pytest.fixture
def command(monkeypatch):
    """Return a function that makes `bench boom` raise an error, and runs it."""

    def run(error, *options, **variables):
        @click.command()
        def boom():
            raise error

        module = types.ModuleType("a_command_for_tests")
        module.boom = boom
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(COMMANDS, "boom", (f"{module.__name__}:boom", "Raise."))
        return CliRunner().invoke(main, [*options, "boom"], env=variables)

    return run


def test_wrong_input_is_one_message(command):
    """A BenchError is its message on stderr and exit code 2, without a traceback."""
    done = command(bench.PluginError("No model is called 'x'."))
    assert done.exit_code == 2
    assert done.stdout == ""
    assert done.stderr == "Error: No model is called 'x'.\n"


def test_debug_shows_the_traceback(command):
    """With --debug or BENCH_DEBUG the traceback comes before the message; the code is the same."""
    for done in (
        command(bench.DatasetError("empty"), "--debug"),
        command(bench.DatasetError("empty"), BENCH_DEBUG="1"),
    ):
        assert done.exit_code == 2
        assert done.stderr.startswith("Traceback")
        assert done.stderr.endswith("Error: empty\n")


def test_a_fault_of_ours_asks_for_debug(command):
    """Any other exception is exit code 1 and a message that says how to see more."""
    done = command(ZeroDivisionError("division by zero"))
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ZeroDivisionError: division by zero\n")
    assert "bench --debug" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_interrupt_is_130(command):
    """Ctrl-C is exit code 130, as of any program that a shell interrupts."""
    assert command(KeyboardInterrupt()).exit_code == 130
    assert command(click.Abort()).exit_code == 130


def test_a_commands_own_exit_code_is_kept(command):
    """What a command itself says is what the shell gets."""
    assert command(click.exceptions.Exit(1)).exit_code == 1
    assert command(SystemExit(1)).exit_code == 1
    assert command(click.UsageError("no")).exit_code == 2


def test_a_message_cannot_drive_the_terminal(command):
    """Control characters of a quoted text are written out."""
    assert "\x1b" not in command(bench.PluginError("a \x1b[31mred\x1b[0m name")).stderr


def test_a_reader_that_stops_is_no_error():
    """`bench list metrics | head -1` prints nothing about its pipe."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "bench", "list", "metrics"],
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert done.returncode == 141
    assert "Error" not in done.stderr
    assert "Broken" not in done.stderr


def test_an_unknown_command_gets_the_nearest():
    """A misspelt command is exit code 2 and names the nearest."""
    done = CliRunner().invoke(main, ["leaderbord"])
    assert done.exit_code == 2
    assert "leaderbord" in done.stderr


def test_the_version_is_the_packages():
    """`bench --version` says the version of the package."""
    assert bench.__version__ in CliRunner().invoke(main, ["--version"]).stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_of_the_table_is_there(name):
    """A command that `bench --help` lists can be called, and says what it takes."""
    done = CliRunner().invoke(main, [name, "--help"])
    assert done.exit_code == 0, done.stderr
    assert f"Usage: main {name}" in done.stdout
