"""What a new plugin package consists of: names made from one word, and files from templates."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata, resources, util
from pathlib import Path
from string import Template
from typing import Literal

from bench.spec.errors import BenchError, PluginError
from bench.spec.fields import NAME
from bench.spec.hooks import HOOK_API, PROJECT

Model = Literal["classical", "deep"]


_OF_MODELS = """\
A model is a function that returns an estimator in scikit-learn's convention: `fit(X, y)`,
`predict`, and `predict_proba` where there are classes. `context` tells it the seed, the number of
threads, the device and what the columns are. What it cannot do it says with `bench.Skip`. When a
change alters results, raise `version` in the record."""
_OF_DATASETS = """\
A dataset is a function that returns a `bench.Dataset`: rows, what is to be predicted, and an
official split, groups or times where there are any. When a change alters the data, raise `version`
in the record."""

_LIBRARIES = {"classical": ("scipy",), "deep": ("scikit-learn",)}
"""What the models import besides NumPy, and besides what an extra of bench brings."""


@dataclass(frozen=True, kw_only=True)
class NewPackage:
    """A plugin package that is to be written.

    Parameters
    ----------
    name
        Of the plugin: lower-case letters, digits and single hyphens.
    model
        What it begins with: ``"classical"``, a model written with NumPy; ``"deep"``, one written
        with Flax NNX and optax; None: no model.
    has_dataset
        Whether it begins with a dataset.

    Raises
    ------
    BenchError
        The name is not of that form, or there would be neither a model nor a dataset.
    """

    name: str
    model: Model | None = "classical"
    has_dataset: bool = True

    def __post_init__(self) -> None:
        if not re.fullmatch(NAME, self.name):
            raise BenchError(
                f"The plugin's name is {self.name!r}; lower-case letters, digits and single "
                f"hyphens are allowed, as in 'acme' or 'my-lab'.{_allowed_form(self.name)}"
            )
        if self.name.startswith(f"{PROJECT}-"):
            own = self.name.removeprefix(f"{PROJECT}-")
            raise BenchError(
                f"The plugin's name is {self.name!r}, but {PROJECT!r} is put before it: give "
                f"{own!r} for the distribution {self.name!r}."
            )
        if self.model is None and not self.has_dataset:
            raise BenchError("A plugin with neither a model nor a dataset has nothing to offer.")

    @property
    def distribution(self) -> str:
        """Name under which it is installed and published: ``bench-acme``."""
        return f"{PROJECT}-{self.name}"

    @property
    def package(self) -> str:
        """Name under which Python imports it: ``bench_acme``."""
        return self.distribution.replace("-", "_")

    @property
    def model_name(self) -> str:
        """Name of its model: ``acme-centroid``."""
        return f"{self.name}-{'perceptron' if self.model == 'deep' else 'centroid'}"

    @property
    def dataset_name(self) -> str:
        """Name of its dataset: ``acme-waves``."""
        return f"{self.name}-waves"


def check_free(new: NewPackage) -> None:
    """Refuse names that would clash with what is installed.

    Raises
    ------
    PluginError
        A plugin, a distribution or an import package has one of the names.
    """
    fix = "Choose another name, or uninstall that one first."
    for entry_point in metadata.entry_points(group=PROJECT):
        if entry_point.name == new.name:
            owner = (
                entry_point.dist.name if entry_point.dist is not None else "another distribution"
            )
            raise PluginError(f"The plugin {new.name!r} is installed already, by {owner}. {fix}")
    if util.find_spec(new.package) is not None:
        raise PluginError(
            f"A package {new.package!r} is installed already, and {new.name!r} would be called "
            f"the same. {fix}"
        )


def files(new: NewPackage) -> dict[str, str]:
    """Return the content of each file, by its path in the package's folder."""
    words = _words(new)
    hooks = ["hooks.py"]
    code = {"tests/test_promises.py": "test.py"}
    if new.model is not None:
        is_deep = new.model == "deep"
        hooks.append("deep_hook.py" if is_deep else "model_hook.py")
        code["{package}/model.py"] = "deep_model.py" if is_deep else "model.py"
    if new.has_dataset:
        hooks.append("dataset_hook.py")
        code["{package}/data.py"] = "data.py"
    hooks.append("suite_hook.py")
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        "LICENSE": "LICENSE",
        ".gitignore": "gitignore",
        ".github/workflows/ci.yml": "ci.yml",
        "{package}/suites/{name}.toml": "suite.toml",
        **code,
    }
    made = {
        path.format(package=new.package, name=new.name): _filled(template, words)
        for path, template in templates.items()
    }
    made[f"{new.package}/__init__.py"] = "\n\n".join(_filled(hook, words) for hook in hooks)
    return dict(sorted(made.items()))


def write(new: NewPackage, folder: Path) -> dict[str, str]:
    """Write the package into a folder that is new or empty; return its files.

    Raises
    ------
    BenchError
        The folder is a file, or has something in it.
    """
    if folder.exists() and not folder.is_dir():
        raise BenchError(f"{folder} is a file; a folder is needed. Name another with --output.")
    if folder.is_dir() and (there := sorted(path.name for path in folder.iterdir())):
        raise BenchError(
            f"{folder} is not empty (it holds {', '.join(there[:5])}), and nothing is overwritten. "
            "Name another folder with --output."
        )
    made = files(new)
    for path, content in made.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
    return made


def n_lines(made: Mapping[str, str]) -> int:
    """Return how many lines of Python there are, blank ones not counted."""
    return sum(
        bool(line.strip())
        for path, content in made.items()
        if path.endswith(".py")
        for line in content.splitlines()
    )


def _allowed_form(name: str) -> str:
    """Return a hint to a name of the allowed form that is like the given one."""
    near = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-").removeprefix(f"{PROJECT}-")
    return f" Did you mean {near!r}?" if near else ""


def _filled(template: str, words: Mapping[str, str]) -> str:
    text = resources.files(__package__).joinpath("templates", f"{template}.txt").read_text("utf-8")
    return Template(text).substitute(words)


def _words(new: NewPackage) -> dict[str, str]:
    """Return what the placeholders of the templates stand for."""
    offers, dependencies, told = [], ["crossover-bench"], []
    models = ["dummy", "logistic-regression"]
    datasets = ["iris", "wine"]
    if new.model is not None:
        is_deep = new.model == "deep"
        offers.append("a deep model" if is_deep else "a model")
        models.append(f"{new.name}-*")
        told.append("`model.py`: the model.")
        if is_deep:
            told[-1] += (
                " It is compiled anew for each\n  number of rows. Where there is a GPU, "
                "`JAX_PLATFORMS=cpu` makes it compute on the processor."
            )
            dependencies = ["crossover-bench[jax]"]
    if new.has_dataset:
        offers.append("a dataset")
        datasets = [f"{new.name}-*", "wine"] if new.model is not None else [f"{new.name}-*"]
        told.append("`data.py`: the dataset.")
    if new.model is None:
        models.append("hist-gradient-boosting")
    dependencies += ["numpy", *_LIBRARIES.get(new.model or "", ())]
    told += [
        f"`__init__.py`: the records of what the plugin offers, called `{new.name}-...`.",
        f"`suites/{new.name}.toml`: the suite `{new.name}`, which measures what is called so.",
        "`tests/`: its tests.",
    ]
    contenders = [f'[[models]]\nname = "{name}"' for name in models]
    if new.model != "deep":
        contenders.append(
            "# A deep model beside them, and there is a verdict (needs crossover-bench[jax]):\n"
            '# [[models]]\n# name = "mlp"'
        )
    data = [f'[[datasets]]\nname = "{name}"' for name in datasets]
    return {
        "name": new.name,
        "distribution": new.distribution,
        "package": new.package,
        "hook_api": str(HOOK_API),
        "model": new.model_name,
        "dataset": new.dataset_name,
        "offers": " and ".join(offers),
        "dependencies": ", ".join(f'"{name}"' for name in dependencies),
        "change": _OF_DATASETS if new.model is None else _OF_MODELS,
        "kind": "datasets" if new.model is None else "models",
        "files": "\n".join(f"- {line}" for line in told),
        "tables": "\n".join([*contenders, "", *data]),
        "summary": f"{' and '.join(offers).capitalize()} of {new.name}, beside bench's own.",
    }
