"""Images of the user's: folders of files, columns of Parquet tables, and arrays in NPZ files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from bench import Dataset, DatasetError, ParameterError, nearest
from bench_datasets import npz, raw_tables
from bench_datasets.folders import (
    Naming,
    check_bytes,
    check_unused,
    found_in,
    labelled,
)
from bench_datasets.table import ColumnRef, Roles, Split

if TYPE_CHECKING:
    from PIL import Image

Colors = Literal["auto", "grey", "rgb"]

ENDINGS = (".png", ".jpg", ".jpeg", ".bmp", ".gif", ".tif", ".tiff", ".webp", ".ppm", ".pgm")
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
"""What is decoded. Pillow knows more, some by running other programs on the file."""

MOST_PIXELS = 2**26
"""Of one image, by its header: a small file can claim to be a huge image."""

_GREY = ("1", "L", "LA", "I", "I;16", "I;16B", "I;16L", "I;16N")


def load_images(
    path: str,
    *,
    size: Sequence[int] | None = None,
    color: Colors = "auto",
    files: str | None = None,
    label: str | None = None,
    split: Split | None = None,
    fold: ColumnRef | None = None,
    group: ColumnRef | None = None,
    target: ColumnRef | None = None,
    image: ColumnRef | None = None,
) -> Dataset:
    """Return images: of a folder, of a column of a Parquet table, or of an NPZ file.

    Parameters
    ----------
    path
        A folder of PNG, JPEG, BMP, GIF, TIFF, WebP or PPM files, in a folder for each class, or a
        tar archive of one; a Parquet file, or a folder of such; or an NPZ file
        (`bench_datasets.npz.load_arrays`).
    size
        ``[height, width]`` that images are resized to (bilinear, each pixel a mean of those that
        it covers). Not given: all must be of one size.
    color
        ``"grey"``, ``"rgb"``, or ``"auto"``: grey where all images are stored so.
    files, label
        Of folders: `bench_datasets.folders.Naming`.
    split, fold, group
        Of folders, patterns of the file names; of tables, columns (`bench_datasets.table.Roles`);
        of NPZ files, names of arrays.
    target, image
        Of tables, the columns of the classes (not given: label) and of the images, bytes or a
        struct of bytes and path (not given: the only such column, or image). Of NPZ files, names
        of the arrays.

    Returns
    -------
    Dataset
        X uint8 (n, height, width), or (n, height, width, 3) in colour: transparency is left out,
        and 16 bits become 8. Orientation tags are not followed.

    Raises
    ------
    DatasetError
        A file is no image, damaged, or of more than 67,108,864 pixels; images differ in size, or
        would take more than 4 GiB; Pillow is not installed.
    ParameterError
        A parameter is of an unknown value, or means nothing for this kind of source.
    """
    source = f"images:{path}"
    if color not in get_args(Colors):
        raise ParameterError(
            f"{source}: color is {color!r}; allowed: {', '.join(get_args(Colors))}."
            f"{nearest(str(color), get_args(Colors))}"
        )
    shape = _checked_size(size, source)
    given = {
        "files": files, "label": label, "split": split, "fold": fold, "group": group,
        "target": target, "image": image, "size": size,
        "color": None if color == "auto" else color,
    }  # fmt: skip
    divided = ("split", "fold", "group")
    if path.endswith(".npz"):
        check_unused(source, given, "an NPZ file", ("target", "image", *divided))
        names = npz.Names(x=image, target=target, split=split, fold=fold, group=group)
        return npz.load_arrays(path, "images", names)
    if raw_tables.is_table(path):
        check_unused(source, given, "a table", ("target", "image", "size", "color", *divided))
        table = raw_tables.parquet(path, "images")
        roles = Roles(target=target, split=split, fold=fold, group=group)
        roles = raw_tables.with_target(table, roles)
        place = raw_tables.column_of(table, roles, image, "image", raw_tables.is_binary)
        return raw_tables.from_column(
            table,
            roles,
            place,
            lambda table, column: decoded(
                raw_tables.contents(table, column), len(column), source, shape, color
            ),
        )
    allowed = ("files", "label", "size", "color", *divided)
    check_unused(source, given, "a folder or an archive", allowed)
    naming = Naming(files=files, label=label, split=split, fold=fold, group=group)
    rows = labelled(found_in(path, "images", ENDINGS, naming), naming)
    return rows.dataset(decoded(rows.files.contents(), len(rows.files.names), source, shape, color))


def decoded(
    contents: Iterable[tuple[str, bytes]],
    n: int,
    source: str,
    size: tuple[int, int] | None,
    color: Colors,
) -> NDArray[np.uint8]:
    """Return images as one array.

    Parameters
    ----------
    contents
        What messages call each image, and its file's content.
    n
        How many there are.
    source
        What messages call all of them.
    size
        Height and width that they are resized to; None: they must be equal.
    color
        As for `load_images`.

    Raises
    ------
    DatasetError
        As for `load_images`.
    """
    pillow = _pillow()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd metadata, which is not used
        warnings.simplefilter("error", pillow.DecompressionBombWarning)
        return _stacked(pillow, contents, n, source, size, color)


def _stacked(
    pillow: Any,
    contents: Iterable[tuple[str, bytes]],
    n: int,
    source: str,
    size: tuple[int, int] | None,
    color: Colors,
) -> NDArray[np.uint8]:
    X: NDArray[np.uint8] | None = None
    first = ""
    for row, (name, content) in enumerate(contents):
        image = _decode(pillow, content, f"{source}: {name}", size, color)
        height, width = image.shape[:2]
        if X is None:
            first = name
            X = _empty((n, *image.shape), source)
        elif X.shape[1:3] != (height, width):
            raise DatasetError(
                f"{source}: {name} is {width} x {height} pixels, but {first} is {X.shape[2]} x "
                f"{X.shape[1]}. Give the size that all are brought to: params = {{ size = "
                f"[{X.shape[1]}, {X.shape[2]}] }} (height and width)."
            )
        if image.ndim > X.ndim - 1:
            X = _colored(X, source)
        X[row] = image[..., None] if image.ndim < X.ndim - 1 else image
    if X is None:
        raise DatasetError(f"{source} holds no images.")
    return X


def _empty(shape: tuple[int, ...], source: str) -> NDArray[np.uint8]:
    check_bytes(np.prod(shape, dtype=float), source, " Give a smaller size = [height, width].")
    return np.empty(shape, dtype=np.uint8)


def _colored(X: NDArray[np.uint8], source: str) -> NDArray[np.uint8]:
    """Return grey images as coloured ones: an image in colour was found among them."""
    colored = _empty((*X.shape, 3), source)
    colored[:] = X[..., None]
    return colored


def _decode(
    pillow: Any, content: bytes, where: str, size: tuple[int, int] | None, color: Colors
) -> NDArray[np.uint8]:
    """Return an image as (height, width) or (height, width, 3)."""
    if not content:
        raise DatasetError(f"{where} is empty, and no image.")
    try:
        image = pillow.open(io.BytesIO(content), formats=FORMATS)  # reads the header only
    except (pillow.DecompressionBombError, pillow.DecompressionBombWarning) as error:
        raise DatasetError(f"{where} is not read: {error}") from error
    except Exception as error:  # decoders raise whatever broken bytes lead them to
        raise DatasetError(
            f"{where} is no readable image ({', '.join(FORMATS)}): {_said(error)}."
        ) from error
    width, height = image.size
    if width * height > MOST_PIXELS:
        raise DatasetError(
            f"{where} is {width:,} x {height:,} pixels by its header; at most {MOST_PIXELS:,} "
            "pixels are read. Make it smaller, or leave it out."
        )
    try:
        return _pixels(pillow, image, size, color)
    except Exception as error:
        raise DatasetError(f"{where} is damaged: {_said(error)}.") from error


def _pixels(
    pillow: Any, image: Image.Image, size: tuple[int, int] | None, color: Colors
) -> NDArray[np.uint8]:
    is_grey = color == "grey" or (color == "auto" and image.mode in _GREY)
    if image.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
        levels = np.clip(np.asarray(image).astype(np.int64), 0, 65_535) // 257
        image = pillow.fromarray(levels.astype(np.uint8))
    if image.mode == "P":
        image = image.convert("RGB")
    mode = "L" if is_grey else "RGB"
    if image.mode != mode:
        image = image.convert(mode)
    if size is not None and image.size != size[::-1]:
        image = image.resize(size[::-1], pillow.Resampling.BILINEAR)
    return np.asarray(image)


def _said(error: Exception) -> str:
    return str(error).strip(" .") or type(error).__name__


def _checked_size(size: Any, source: str) -> tuple[int, int] | None:
    if size is None:
        return None
    if (
        not isinstance(size, list | tuple)
        or len(size) != 2
        or not all(isinstance(length, int) and 1 <= length <= 8192 for length in size)
    ):
        raise ParameterError(
            f"{source}: size is {size!r}; [height, width] in pixels is needed, as in [32, 32]."
        )
    return size[0], size[1]


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError as error:
        raise DatasetError(
            "Images are read by Pillow, which is not installed. Install it: "
            "pip install 'crossover-bench[images]'."
        ) from error
    return Image
