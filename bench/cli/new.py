"""`bench new`: begin a package of your own."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from bench.cli.output import write
from bench.report.text import clean
from bench.scaffold import NewPackage, check_free, n_lines
from bench.scaffold import write as write_package


@click.group("new")
def new() -> None:
    """Begin a package of your own."""


@new.command()
@click.argument("name")
@click.option("--model-only", is_flag=True, help="Leave out the dataset.")
@click.option("--dataset-only", is_flag=True, help="Leave out the model.")
@click.option("--deep", is_flag=True, help="A deep model (Flax NNX, optax), without a dataset.")
@click.option(
    "--output",
    type=click.Path(path_type=Path),
    help="Folder to write into, new or empty; bench-NAME if not given.",
)
def plugin(
    name: str, model_only: bool, dataset_only: bool, deep: bool, output: Path | None
) -> None:
    """Write a whole plugin package: a model, a dataset, a suite, tests and CI.

    NAME is one word: 'acme' makes the distribution bench-acme with the package bench_acme.
    """
    if dataset_only and (model_only or deep):
        other = "--deep" if deep else "--model-only"
        raise click.UsageError(f"--dataset-only leaves out the model; {other} contradicts it.")
    package = NewPackage(
        name=name,
        model=None if dataset_only else "deep" if deep else "classical",
        has_dataset=not (model_only or deep),
    )
    check_free(package)
    folder = Path(package.distribution) if output is None else output
    made = write_package(package, folder)
    place = str(folder) if folder.is_absolute() else f"./{folder}"
    write(
        clean(
            f"Wrote {folder}: {len(made)} files, {n_lines(made)} lines of Python. Next:\n\n"
            f"  python -m pip install --editable {shlex.quote(place)}\n"
            f"  bench check {package.package}\n"
            f"  bench run {package.name}\n\n"
            f"{folder / 'README.md'} says how to go on.\n",
            lines=True,
        )
    )
