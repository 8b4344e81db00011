"""The command line with all of its sub-commands imported, as sphinx-click reads it."""

import click

from bench.cli import COMMANDS, main

_context = click.Context(main, info_name="bench")
_found = {name: main.get_command(_context, name) for name in COMMANDS}

whole = click.Group(
    "bench",
    commands={name: command for name, command in _found.items() if command is not None},
    params=main.params,
    help=main.help,
)
