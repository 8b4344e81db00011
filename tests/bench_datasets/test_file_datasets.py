"""Files: what is read from them, what is found out, and what is said of faulty ones."""

import datetime as dt
import gzip

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench import Column, DatasetError, ParameterError
from bench_datasets.files import load_arrow, load_csv, load_parquet


@pytest.fixture
def write(tmp_path):
    """Write text or bytes to a file; return its path as a string."""

    def to(content, name="table.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return str(path)

    return to


MIXED = """age,job,member,since,score
34,nurse,yes,2020-01-02,1.5
?,baker,no,2020-01-03,2.5
51,NA,yes,2020-01-04,3.25
28,nurse,,2020-01-05,4.0
"""


def test_mixed_table(write):
    """Each column gets its kind; missing cells are missing; categories are Categoricals."""
    dataset = load_csv(write(MIXED), target="score")

    assert dataset.columns == (
        Column("age", "number"),
        Column("job", "category"),
        Column("member", "boolean"),
        Column("since", "date"),
    )
    assert isinstance(dataset.X, pd.DataFrame)
    assert dataset.X["age"].isna().tolist() == [False, True, False, False]
    assert list(dataset.X["job"].cat.categories) == ["baker", "nurse"]
    assert dataset.X["job"].isna().tolist() == [False, False, True, False]
    assert dataset.X["member"].tolist()[:3] == [1.0, 0.0, 1.0]
    # 2020-01-02 is day 18263 of the epoch: 50 years of 365 days, 12 leap days, and one day
    assert dataset.X["since"].tolist() == [18263, 18264, 18265, 18266]
    assert dataset.y.tolist() == [1.5, 2.5, 3.25, 4.0]
    assert dataset.target.kind == "continuous"


def test_numbers_only_is_an_array(write):
    """A table of numbers alone is a float64 array, gaps NaN."""
    dataset = load_csv(write("a,b,y\n1,2,u\n3,,v\n"), target="y")

    assert dataset.X.dtype == np.float64
    assert dataset.X[0].tolist() == [1, 2]
    assert np.isnan(dataset.X[1, 1])
    assert dataset.y.tolist() == ["u", "v"]
    assert dataset.target.classes == ("u", "v")


@pytest.mark.parametrize(
    "text",
    [
        "1,2,a\n3,4,b\n",
        "1;2;a\n3;4;b\n",
        "1\t2\ta\n3\t4\tb\n",
        "1|2|a\n3|4|b\n",
        "1   2 a \n3 \t 4  b\n",
        "1, 2, a\r\n\r\n3, 4, b\r\n",
        '"1","2","a"\n"3","4","b"\n',
        "\ufeff1,2,a\n3,4,b",
    ],
)
def test_separators(write, text):
    """Separators, blanks, quotes, line ends, blank lines and a byte-order mark are no matter."""
    dataset = load_csv(write(text), target=-1)

    assert dataset.X.tolist() == [[1, 2], [3, 4]]
    assert dataset.y.tolist() == ["a", "b"]
    assert [column.name for column in dataset.columns] == ["x0", "x1"]


@pytest.mark.parametrize(
    ("text", "header"),
    [
        ("a,b\n1,2\n3,4\n", True),
        ("1,2\n3,4\n5,6\n", False),
        ("kind,size\ncat,small\ndog,big\n", True),
        ("ham,hello\nspam,win\nham,bye\n", False),
        ("a,\n1,2\n3,4\n", False),
    ],
)
def test_header_is_found_out(write, text, header):
    """A first line is a header where it holds no number and nothing that comes again below."""
    names = [column.name for column in load_csv(write(text)).columns]

    assert (names != ["x0", "x1"]) == header


def test_header_given(write):
    """What the user says of the header is not found out again."""
    path = write("2020,2021\n1,2\n3,5\n")

    assert [c.name for c in load_csv(path, header=True).columns] == ["2020", "2021"]
    assert load_csv(path, target="2021", header=True).y.tolist() == [2, 5]


def test_decimal_comma(write):
    """Decimal commas are numbers when said so."""
    dataset = load_csv(write("a;b\n1,5;2\n2,5;3,25\n"), decimal=",")

    assert dataset.X.tolist() == [[1.5, 2], [2.5, 3.25]]


def test_quotation_marks_within_text(write):
    """A cell that only begins with a quotation mark is text, and swallows no line."""
    path = write('ham\t"Ok" he said to me\nspam\t"win now and here\nham\tbye bye now\n')

    assert len(load_csv(path, target=0).y) == 3


def test_quoted_line_breaks_and_gzip(write):
    """A quoted cell may hold separators and line breaks; a gzip-compressed file is read."""
    text = 'note,y\n"a, b\nc",1\n"d",2\n'
    dataset = load_csv(write(gzip.compress(text.encode()), "t.csv.gz"), target="y")

    assert dataset.X["note"].tolist() == ["a, b\nc", "d"]


def test_text_column(write):
    """Strings of three words and more, mostly distinct, are text."""
    rows = [f"{i % 2},this is message number {i}" for i in range(30)]
    dataset = load_csv(write("\n".join(["spam,message", *rows])), target="spam")

    assert dataset.columns == (Column("message", "text"),)
    assert dataset.X["message"][3] == "this is message number 3"


def test_integer_targets(write):
    """Few whole numbers are classes; many, or as many as rows, are a quantity; kind overrides."""
    few = write("a,y\n" + "".join(f"{i},{i % 3}\n" for i in range(30)), "few.csv")
    many = write("a,y\n" + "".join(f"{i},{i % 25}\n" for i in range(100)), "many.csv")
    short = write("a,y\n1,5\n2,6\n3,7\n", "short.csv")

    assert load_csv(few, target="y").target.classes == (0, 1, 2)
    assert load_csv(few, target="y", kind="regression").target.kind == "continuous"
    assert load_csv(many, target="y").target.kind == "continuous"
    assert len(load_csv(many, target="y", kind="classification").target.classes) == 25
    assert load_csv(short, target="y").target.kind == "continuous"


def test_rows_without_target_are_left_out(write):
    """A row whose target is missing teaches nothing."""
    dataset = load_csv(write("a,y\n1,u\n2,\n3,v\n"), target="y")

    assert dataset.X.tolist() == [[1], [3]]


def test_roles(write):
    """Columns that divide the rows leave X and become groups, time, weights, parts and folds."""
    path = write(
        "a,y,who,day,w,part,fold\n"
        "1,u,p,2020-01-01,1,training,0\n2,v,p,2020-01-02,2,val,1\n3,u,q,2020-01-03,0.5,Test,1\n"
    )
    dataset = load_csv(
        path, target="y", group="who", time="day", weight="w", split="part", fold="fold"
    )

    assert dataset.X.tolist() == [[1], [2], [3]]
    assert dataset.groups.tolist() == ["p", "p", "q"]
    assert np.diff(dataset.time).tolist() == [1, 1]
    assert dataset.sample_weight.tolist() == [1, 2, 0.5]
    assert dataset.parts.tolist() == ["train", "validation", "test"]
    assert dataset.folds.tolist() == [0, 1, 1]


def test_kinds_and_drop(write):
    """A kind that the user knows better wins; a dropped column is gone."""
    path = write("zip,id,a\n100,1,5\n200,2,6\n100,3,7\n")
    dataset = load_csv(path, kinds={"zip": "category"}, drop="id")

    assert dataset.columns == (Column("zip", "category"), Column("a", "number"))
    assert list(dataset.X["zip"].cat.categories) == ["100", "200"]


TYPED = {
    "n": pa.array([1, None, 3]),
    "x": pa.array([0.5, float("nan"), 2.5]),
    "flag": pa.array([True, False, None]),
    "day": pa.array([dt.date(1970, 1, 2), None, dt.date(1970, 1, 3)]),
    "job": pa.array(["b", None, "a"]).dictionary_encode(),
    "y": pa.array([True, False, True]),
}


def test_parquet_and_arrow_agree(tmp_path):
    """Typed files give the kinds of their types, from Parquet, Arrow file and Arrow stream."""
    table = pa.table(TYPED)
    pq.write_table(table, tmp_path / "t.parquet")
    for name, opened in (("t.arrow", pa.ipc.new_file), ("t.arrows", pa.ipc.new_stream)):
        with pa.OSFile(str(tmp_path / name), "wb") as sink, opened(sink, table.schema) as writer:
            writer.write_table(table)

    for dataset in (
        load_parquet(str(tmp_path / "t.parquet"), target="y"),
        load_arrow(str(tmp_path / "t.arrow"), target="y"),
        load_arrow(str(tmp_path / "t.arrows"), target="y"),
    ):
        assert [column.kind for column in dataset.columns] == [
            "number", "number", "boolean", "date", "category",
        ]  # fmt: skip
        assert dataset.X["x"].isna().tolist() == [False, True, False]
        assert dataset.X["day"].tolist()[::2] == [1, 2]
        assert dataset.X["job"].cat.codes.tolist() == [1, -1, 0]
        assert dataset.target.classes == (False, True)


@pytest.mark.parametrize(
    ("content", "params", "message"),
    [
        ("", {}, "is empty"),
        ("\n\n", {}, "is empty"),
        ("a,b\n", {}, "no rows below"),
        (b"\x89PNG\0\0", {}, "not text"),
        (b"PAR1\0\0", {}, "name it parquet:PATH"),
        ("a,b\n1,2\n3,4,5\n", {}, r"line 3: 3 cells, but the first line has 2"),
        ("a,a\n1,2\n", {}, "more than one column is called 'a'"),
        ("caf\xe9,b\n1,2\n".encode("latin-1"), {}, 'encoding = "latin-1"'),
        ("a,b\n1,2\n3,4\n", {"target": "bb"}, "Did you mean 'b'"),
        ("a,b\n1,2\n3,4\n", {"target": 2}, "index 0 to 1"),
        ("a,b\n1,\n3,?\n", {"target": "b"}, "no value in any row"),
        ("a,b\n1,u\n3,u\n", {"target": "b"}, "one class only, 'u', in all 2 rows"),
        ("a,b\n1,2\n3,2\n", {"target": "b", "kind": "regression"}, "is 2 in every row"),
        ("a,b\n1,u\n3,v\n", {"target": "b", "kind": "regression"}, "'b'.*holds 'u'"),
        ("b\nu\nv\n", {"target": "b"}, "no column is left for X"),
        ("a,b\n1,u\n3,v\n", {"drop": ["c"]}, "drop = 'c' names no column"),
        ("a,b\n1,2\n3,4\n", {"target": "b", "group": "b"}, "both as target and as group"),
        ("a,b\n1,u\n3,v\n", {"split": "b"}, "'u'; allowed: train, validation, test"),
        ("a,b\n1,u\n3,v\n", {"weight": "b"}, "must be numbers, not category"),
        ("a,b\n1,u\n3,v\n", {"kinds": {"b": "number"}}, "'b' is not of kind number.*'u'"),
    ],
)
def test_faults(write, content, params, message):
    """Every fault is one message that names the file, the place and the way out."""
    path = write(content)

    with pytest.raises(DatasetError, match=message) as caught:
        load_csv(path, **params)
    assert path in str(caught.value)


def test_missing_file_and_folder(write, tmp_path):
    """A missing file is told with the nearest name beside it; a folder is no file."""
    write("a,b\n1,2\n", "churn.csv")

    with pytest.raises(DatasetError, match=r"no such file.*Did you mean 'churn.csv'"):
        load_csv(str(tmp_path / "chrn.csv"))
    with pytest.raises(DatasetError, match="is a folder"):
        load_csv(str(tmp_path))


def test_unreadable_typed_files(write, tmp_path):
    """A file that is not what its scheme says is told, not traced back."""
    path = write("a,b\n1,2\n")
    with pytest.raises(DatasetError, match="not a readable Parquet"):
        load_parquet(path)
    with pytest.raises(DatasetError, match="not a readable Arrow"):
        load_arrow(path)
    pq.write_table(pa.table({"v": [[1], [2]], "a": [1, 2]}), tmp_path / "l.parquet")
    with pytest.raises(DatasetError, match=r"column 'v'.*drop = \[\"v\"\]"):
        load_parquet(str(tmp_path / "l.parquet"))


def test_unknown_parameters(write):
    """A misspelt parameter and a wrong value name what is allowed."""
    path = write("a,b\n1,2\n")

    with pytest.raises(ParameterError, match=r"'targt'.*Did you mean 'target'"):
        load_csv(path, targt="b")
    with pytest.raises(ParameterError, match="Did you mean 'regression'"):
        load_csv(path, kind="regresion")
    with pytest.raises(ParameterError, match="Did you mean 'category'"):
        load_csv(path, kinds={"a": "categry"})
    with pytest.raises(ParameterError, match="decimal is ';'"):
        load_csv(path, decimal=";")
