"""Records of the data sets of images, audio, series and text: generated, files, and downloads."""

from collections.abc import Iterator

import bench

CLASSES = ("classification", "clustering")
ANSWERS = ("classification", "regression", "clustering")


def generated() -> Iterator[bench.DatasetSpec]:
    """Yield the generators."""
    for name, modality, loader, summary, use_cases in (
        (
            "shapes",
            "image",
            "made_shapes:make_shapes",
            "Images of a disc, triangle, square, cross, star, ... of any place, size and angle.",
            ("image classification",),
        ),
        (
            "lesions",
            "image",
            "made_pictures:make_lesions",
            "Grey images of tissue, some with a lesion and some with a harmless spot.",
            ("medical imaging",),
        ),
        (
            "faces",
            "image",
            "made_pictures:make_faces",
            "Grey images of faces of some persons, in changing pose, light and expression.",
            ("face recognition",),
        ),
        (
            "tones",
            "audio",
            "made_tones:make_tones",
            "Recordings of melodies as words, by voices of different pitch and speed.",
            ("speech recognition",),
        ),
        (
            "messages",
            "text",
            "made_messages:make_messages",
            "Short messages, ham or spam; some are told by the order of their words only.",
            ("spam filter",),
        ),
        (
            "reviews",
            "text",
            "made_messages:make_reviews",
            "Reviews, positive or negative, in which some judgements are negated.",
            ("sentiment",),
        ),
        (
            "motifs",
            "series",
            "made_motifs:make_motifs",
            "Series of two patterns each: which ones, and which comes first.",
            ("series classification",),
        ),
    ):
        yield bench.DatasetSpec(
            name=f"make-{name}",
            tasks=CLASSES,
            modality=modality,
            loader=f"bench_datasets.{loader}",
            preload=("scipy.fft",) if name == "lesions" else (),
            summary=f"{summary} Takes n_samples, seed and what shapes it.",
            license="CC0-1.0",
            source="Made from its parameters and a seed",
            use_cases=use_cases,
        )


def files() -> Iterator[bench.DatasetSpec]:
    """Yield the readers of the user's files."""
    for name, modality, loader, preload, summary in (
        (
            "images",
            "image",
            "image_files:load_images",
            ("PIL.Image", "pandas", "pyarrow.feather"),
            "Images of yours: images:PATH, a folder with a folder for each class, or a table.",
        ),
        (
            "wav",
            "audio",
            "audio_files:load_wav",
            ("scipy.io.wavfile", "pandas", "pyarrow.feather"),
            "Recordings of yours: wav:PATH, a folder with a folder for each class, or a table.",
        ),
        (
            "ts",
            "series",
            "series_files:load_ts",
            (),
            "Series of the UCR archive: ts:DIR/NAME, meaning NAME_TRAIN and NAME_TEST.",
        ),
        (
            "texts",
            "text",
            "text_files:load_texts",
            ("pandas", "pyarrow.feather"),
            "Texts of yours: texts:PATH, folders for classes (or a .tar of them), or a table.",
        ),
        (
            "npz",
            "tabular",
            "npz:load_npz",
            (),
            "A table of numbers of yours: npz:PATH, with arrays X and y.",
        ),
    ):
        yield bench.DatasetSpec(
            name=name,
            tasks=ANSWERS if name in ("npz", "ts") else CLASSES,
            modality=modality,
            loader=f"bench_datasets.{loader}",
            takes_path=True,
            preload=preload,
            summary=summary,
            license="Of the file",
            source="A file of the user's",
        )


def downloads() -> Iterator[bench.DatasetSpec]:
    """Yield public data sets that are fetched once, then kept."""
    for name, modality, loader, summary, license, source, use_cases in (
        (
            "mnist",
            "image",
            "mnist",
            "70,000 handwritten digits, 28 x 28 grey.",
            "CC-BY-SA-3.0",
            "http://yann.lecun.com/exdb/mnist/",
            ("image classification",),
        ),
        (
            "fashion-mnist",
            "image",
            "fashion_mnist",
            "70,000 pieces of clothing of ten kinds, 28 x 28 grey.",
            "MIT",
            "https://github.com/zalandoresearch/fashion-mnist",
            ("image classification",),
        ),
        (
            "cifar-10",
            "image",
            "cifar10",
            "60,000 photographs of ten kinds of things, 32 x 32 in colour.",
            "None stated",
            "https://www.cs.toronto.edu/~kriz/cifar.html",
            ("image classification",),
        ),
        (
            "olivetti-faces",
            "image",
            "olivetti_faces",
            "400 portraits of 40 persons, 64 x 64 grey.",
            "None stated",
            "https://cam-orl.co.uk/facedatabase.html",
            ("face recognition",),
        ),
        (
            "20-newsgroups",
            "text",
            "newsgroups",
            "18,846 messages of 20 newsgroups, split by date.",
            "None stated",
            "http://qwone.com/~jason/20Newsgroups/",
            ("topic modelling",),
        ),
        (
            "imdb",
            "text",
            "imdb",
            "50,000 film reviews, negative or positive.",
            "None stated",
            "https://ai.stanford.edu/~amaas/data/sentiment/",
            ("sentiment",),
        ),
        (
            "review-polarity",
            "text",
            "review_polarity",
            "2,000 film reviews, negative or positive, in ten official folds.",
            "None stated",
            "https://www.cs.cornell.edu/people/pabo/movie-review-data/",
            ("sentiment",),
        ),
        (
            "sms-spam",
            "text",
            "sms_spam",
            "5,574 text messages, ham or spam.",
            "CC-BY-4.0",
            "https://archive.ics.uci.edu/dataset/228/sms+spam+collection",
            ("spam filter",),
        ),
        (
            "spoken-digits",
            "audio",
            "spoken_digits",
            "3,000 recordings of ten digits by six speakers.",
            "CC-BY-SA-4.0",
            "https://github.com/Jakobovski/free-spoken-digit-dataset",
            ("speech recognition",),
        ),
        (
            "ucr",
            "series",
            "ucr",
            'Any problem of the UCR archive: params = { name = "ItalyPowerDemand" }.',
            "None stated",
            "https://www.timeseriesclassification.com",
            ("series classification",),
        ),
    ):
        yield bench.DatasetSpec(
            name=name,
            tasks=ANSWERS if name == "ucr" else CLASSES,
            modality=modality,
            loader=f"bench_datasets.downloads:load_{loader}",
            preload=("pandas", "pyarrow.feather") if modality in ("text", "audio") else (),
            summary=f"{summary} Fetched once, then kept.",
            license=license,
            source=source,
            use_cases=use_cases,
        )
