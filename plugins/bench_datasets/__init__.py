"""Data that every user can have: bundled, generated, files of their own, and public ones.

Importing this imports neither scikit-learn nor NumPy: loaders are named, not called.
"""

from collections.abc import Iterator

import bench
from bench_datasets import raw_specs
from bench_datasets.raw_specs import CLASSES

HOOK_API = 2

_BUNDLED = "bench_datasets.bundled"
_GENERATED = "bench_datasets.generated"
_FILES = "bench_datasets.files"
_GUIDE = "https://scikit-learn.org/stable/modules/generated/sklearn.datasets"
_UCI = "https://archive.ics.uci.edu/dataset"


@bench.hookimpl
def bench_datasets() -> Iterator[bench.DatasetSpec]:
    """Yield the bundled data sets, the generators, the readers of files, and what is fetched."""
    yield from _bundled()
    yield from _generated()
    yield from raw_specs.generated()
    yield from _files()
    yield from raw_specs.files()
    yield from raw_specs.downloads()
    yield _openml()


def _bundled() -> Iterator[bench.DatasetSpec]:
    yield bench.DatasetSpec(
        name="iris",
        tasks=CLASSES,
        modality="tabular",
        loader=f"{_BUNDLED}:load_iris",
        summary="150 flowers of three species by four lengths, as Fisher printed them.",
        license="CC-BY-4.0",
        source=f"{_UCI}/53/iris",
    )
    yield bench.DatasetSpec(
        name="wine",
        tasks=CLASSES,
        modality="tabular",
        loader=f"{_BUNDLED}:load_wine",
        summary="178 wines of three growers by thirteen chemical measurements.",
        license="CC-BY-4.0",
        source=f"{_UCI}/109/wine",
        use_cases=("customer segmentation",),
    )
    yield bench.DatasetSpec(
        name="breast-cancer",
        tasks=CLASSES,
        modality="tabular",
        loader=f"{_BUNDLED}:load_breast_cancer",
        summary="569 tumours, benign or malignant, by thirty measurements of cell nuclei.",
        license="CC-BY-4.0",
        source=f"{_UCI}/17/breast+cancer+wisconsin+diagnostic",
        use_cases=("medical diagnosis",),
    )
    yield bench.DatasetSpec(
        name="digits",
        tasks=CLASSES,
        modality="tabular",
        loader=f"{_BUNDLED}:load_digits",
        summary="1,797 handwritten digits as 64 counts of ink, 0 to 16.",
        license="CC-BY-4.0",
        source=f"{_UCI}/80/optical+recognition+of+handwritten+digits",
    )
    yield bench.DatasetSpec(
        name="digits-image",
        tasks=CLASSES,
        modality="image",
        loader=f"{_BUNDLED}:load_digits_image",
        summary="1,797 handwritten digits as 8 x 8 grey images, 0 to 1.",
        license="CC-BY-4.0",
        source=f"{_UCI}/80/optical+recognition+of+handwritten+digits",
        use_cases=("image classification",),
    )
    yield bench.DatasetSpec(
        name="diabetes",
        tasks=("regression",),
        modality="tabular",
        loader=f"{_BUNDLED}:load_diabetes",
        summary="442 patients: progress of the disease a year after ten measurements.",
        license="None stated",
        source="https://www4.stat.ncsu.edu/~boos/var.select/diabetes.html",
    )


def _generated() -> Iterator[bench.DatasetSpec]:
    for function, tasks, summary in (
        ("classification", CLASSES, "Normal clusters at the corners of a hypercube."),
        ("regression", ("regression",), "A random linear model of few informative columns."),
        ("blobs", CLASSES, "Round normal clusters."),
        ("moons", CLASSES, "Two interleaving half circles."),
        ("circles", CLASSES, "A circle inside a circle."),
        ("friedman1", ("regression",), "Friedman's first: sine, square and lines of five columns."),
        ("friedman2", ("regression",), "Friedman's second: impedance of a circuit."),
        ("friedman3", ("regression",), "Friedman's third: phase of a circuit."),
    ):
        yield bench.DatasetSpec(
            name=f"make-{function}",
            tasks=tasks,
            modality="tabular",
            loader=f"{_GENERATED}:make_{function}",
            summary=f"{summary} Takes scikit-learn's parameters, and seed.",
            license="CC0-1.0",
            source=f"{_GUIDE}.make_{function}.html",
        )
    for function, summary, preload in (
        ("parity", "Whether an odd number of columns is negative: no column tells alone.", ()),
        ("mixed", "Two classes by numbers and categories, some of them missing.", ("pandas",)),
    ):
        yield bench.DatasetSpec(
            name=f"make-{function}",
            tasks=CLASSES,
            modality="tabular",
            loader=f"{_GENERATED}:make_{function}",
            preload=preload,
            summary=f"{summary} Takes n_samples, seed and what shapes it.",
            license="CC0-1.0",
            source="Made from its parameters and a seed",
        )


def _files() -> Iterator[bench.DatasetSpec]:
    for name, summary in (
        ("csv", "A table of yours: csv:PATH, separated by , ; | tabs or blanks."),
        ("parquet", "A table of yours: parquet:PATH."),
        ("arrow", "A table of yours: arrow:PATH, an Arrow IPC file (Feather) or stream."),
    ):
        yield bench.DatasetSpec(
            name=name,
            tasks=("classification", "regression", "clustering"),
            modality="tabular",
            loader=f"{_FILES}:load_{name}",
            takes_path=True,
            preload=("pandas", "pyarrow.feather"),
            summary=f"{summary} Name the target column with target.",
            license="Of the file",
            source="A file of the user's",
        )


def _openml() -> bench.DatasetSpec:
    return bench.DatasetSpec(
        name="openml",
        tasks=("classification", "regression"),
        modality="tabular",
        loader="bench_datasets.openml:load_openml",
        preload=("pandas", "pyarrow.feather"),
        summary="Any table of OpenML: params = { id = 31 }; fetched once, then kept.",
        license="Of the data set, as its page says",
        source="https://www.openml.org/search?type=data",
    )
