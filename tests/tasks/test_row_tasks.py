"""Classification, regression and clustering: what fit sees, what is asked, what is refused."""

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import DBSCAN, KMeans
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression
from sklearn.naive_bayes import GaussianNB

import bench
from bench.spec.errors import DatasetError
from bench.tasks import TASKS
from bench.tasks import views as rows
from bench.tasks.classification import CLASSIFICATION
from bench.tasks.clustering import CLUSTERING
from bench.tasks.normalise import normalise
from bench.tasks.regression import REGRESSION

PROTOCOL = bench.SplitProtocol()
CELL = bench.Cell(0, 0, 16)


def data(y, tasks, X=None, **about):
    X = np.random.default_rng(0).normal(size=(len(y), 3)) if X is None else X
    return normalise(bench.Dataset(X, y, **about), "some", tasks)


@pytest.fixture
def classes():
    return data(np.arange(60) % 3, ("classification",))


class Answers:
    """An estimator that answers what it was made with."""

    def __init__(self, **answers):
        self.__dict__.update(answers)

    def fit(self, X, y=None):
        return self


def asked(task, part, **answers):
    """Ask an estimator whose methods return these values; return what is read, or the fault."""
    methods = {
        name: value if name.endswith("_") else lambda X, value=value: value
        for name, value in answers.items()
    }
    try:
        return answer_of(task, Answers(**methods), part), None
    except bench.InvalidAnswer as fault:
        return None, str(fault)


def answer_of(task, estimator, part):
    """Ask about a part and read the answer."""
    return task.read(task.ask(estimator, part), part, bench.Parts(part, None, part), estimator)


# --- parts ----------------------------------------------------------------------------------------


def test_every_task_is_offered():
    """The built-in tasks, with the primary metric first."""
    assert [(task.name, task.metrics[0]) for task in TASKS] == [
        ("classification", "balanced-accuracy"),
        ("regression", "rmse"),
        ("clustering", "adjusted-rand"),
    ]


def test_parts_hold_the_rows_they_name(classes):
    """X and y of each part are those of its rows, and sizes are as asked."""
    parts = CLASSIFICATION.prepare(classes, PROTOCOL, CELL)
    assert [len(part) for part in (parts.train, parts.validation, parts.test)] == [16, 6, 6]
    for part in (parts.train, parts.validation, parts.test):
        assert (classes.X[part.rows] == part.X).all()
        assert (part.y == classes.y[part.rows]).all()


def test_notes_count_duplicates_and_missing_classes():
    """One row is there twice over, and a class of two rows cannot be in a training set of 2."""
    y = np.array(["a", "b", "c"] * 20)
    dataset = data(y, ("classification",), X=np.zeros((60, 1)))
    parts = CLASSIFICATION.prepare(dataset, PROTOCOL, bench.Cell(0, 0, 2))
    assert parts.notes["missing_classes"] >= 1
    seen = set(parts.train.y.tolist())
    assert parts.notes["duplicates_across"] == sum(code in seen for code in parts.test.y.tolist())


def test_group_that_an_official_part_divides_is_counted():
    """Official parts are kept, and the group on both sides of them is in the notes."""
    parts = np.array(["train"] * 50 + ["test"] * 10)
    groups = np.r_[np.arange(50), [0] * 10]
    dataset = data(np.arange(60) % 2, ("classification",), parts=parts, groups=groups)
    prepared = CLASSIFICATION.prepare(
        dataset, bench.SplitProtocol(validation=0), bench.Cell(0, 0, 50)
    )
    assert prepared.notes["groups_across"] == 1


def test_a_size_beyond_the_data_is_refused(classes):
    """The message says how many rows there are."""
    with pytest.raises(DatasetError, match="size 49 is not between 1 and 48"):
        CLASSIFICATION.prepare(classes, PROTOCOL, bench.Cell(0, 0, 49))


def test_a_target_of_the_wrong_kind_is_refused(classes):
    """Regression does not take classes, and says what it takes."""
    with pytest.raises(DatasetError, match="regression needs a target that is continuous"):
        REGRESSION.splits(classes, PROTOCOL)


def test_shortened_parts_keep_their_first_rows():
    """Every per-row value is cut alike, and a table stays a table."""
    table = pd.DataFrame({"a": np.arange(60.0)})
    dataset = data(
        np.arange(60) / 7, ("regression",), X=table, groups=np.arange(60), sample_weight=np.ones(60)
    )
    parts = REGRESSION.prepare(dataset, PROTOCOL, CELL)
    short = REGRESSION.shorten(parts.train, 4)
    assert len(short) == len(short.X) == len(short.y) == len(short.groups) == 4
    assert short.X["a"].tolist() == parts.train.X["a"].tolist()[:4]
    assert REGRESSION.shorten(short, 9) is short


@pytest.mark.parametrize(
    ("task", "y", "learner"),
    [
        (CLASSIFICATION, np.arange(60) % 3, GaussianNB()),
        (
            CLASSIFICATION,
            np.column_stack([np.arange(60) % 2, np.arange(60) % 3 == 0]).astype(int),
            RandomForestClassifier(n_estimators=3, random_state=0),
        ),
        (REGRESSION, np.arange(60) / 7, LinearRegression()),
        (CLUSTERING, np.arange(60) % 3, KMeans(2, random_state=0)),
    ],
)
def test_rows_that_are_not_in_memory_are_asked_about_in_windows(task, y, learner, monkeypatch):
    """Parts, shortened ones too, give the same answers as those in memory, a few rows at a time."""
    X = np.random.default_rng(0).normal(size=(60, 3))
    monkeypatch.setattr(rows, "WINDOW_BYTES", 4 * X[0].nbytes)
    whole = task.prepare(data(y, (task.name,), X=X), PROTOCOL, bench.Cell(0, 0, 48))
    held = rows.HeldRows(X, "held")
    apart = task.prepare(data(y, (task.name,), X=held), PROTOCOL, bench.Cell(0, 0, 48))
    assert isinstance(apart.train.X, bench.RowsView)
    fitted = task.fit(learner, whole, {})
    for one, other in ((whole.test, apart.test), (whole.train, apart.train)):
        for n in (48, 5, 1):
            expected = answer_of(task, fitted, task.shorten(one, n))
            found = answer_of(task, fitted, task.shorten(other, n))
            assert len(found.offers) == len(expected.offers) > 0
            np.testing.assert_allclose(found.values, expected.values, rtol=1e-12)


def test_slices_that_a_dataset_names_go_with_its_rows():
    """Every part has the labels of its own rows, shortened ones too; each is scored by itself."""
    sides = np.array(["left", "right"])[np.arange(60) % 2]
    dataset = data(np.arange(60) / 7, ("regression",), extra={"slices": {"side": sides}})
    parts = REGRESSION.prepare(dataset, PROTOCOL, CELL)
    for part in (parts.train, parts.test, REGRESSION.shorten(parts.train, 3)):
        assert part.slices["side"].tolist() == sides[part.rows].tolist()
    short = data(np.arange(60) / 7, ("regression",), extra={"slices": {"side": ["left"]}})
    with pytest.raises(DatasetError, match="has 1 labels for 60 rows; one a row"):
        REGRESSION.prepare(short, PROTOCOL, CELL)


def test_rows_that_are_told_apart_are_divided_for_tuning():
    """The slices of what is held out are those of its own rows."""
    sides = np.array(["left", "right"])[np.arange(60) % 2]
    dataset = data(np.arange(60) / 7, ("regression",), extra={"slices": {"side": sides}})
    train = REGRESSION.prepare(dataset, PROTOCOL, CELL).train
    divided = next(REGRESSION.divide(dataset, train, share=0.2, seed=0))
    for part in (divided.train, divided.test):
        assert part.slices["side"].tolist() == train.slices["side"][part.rows].tolist()


def test_a_class_has_no_rows():
    """Though what it makes has a length."""

    class Heap:
        def __len__(self):
            return 3

    with pytest.raises(DatasetError, match="asks about rows, and X has none: it is 'Heap'"):
        REGRESSION.splits(bench.Dataset(Heap, [1.0]), PROTOCOL)


# --- classification -------------------------------------------------------------------------------


def test_probabilities_are_aligned_to_all_classes(classes):
    """A class that training lacked gets 1e-6 before renormalising; labels are codes."""
    part = CLASSIFICATION.shorten(CLASSIFICATION.prepare(classes, PROTOCOL, CELL).test, 2)
    given = np.array([[0.25, 0.75], [1.0, 0.0]])
    output, fault = asked(CLASSIFICATION, part, predict_proba=given, classes_=np.array([0, 2]))
    assert fault is None
    expected = np.array([[0.25, 1e-6, 0.75], [1.0, 1e-6, 0.0]]) / (1 + 1e-6)
    assert output.values == pytest.approx(expected)
    assert output.offers["labels"].tolist() == [2, 0]


def test_classes_that_stand_twice_are_refused(classes):
    """The columns of one would be lost in those of the other."""
    part = CLASSIFICATION.shorten(CLASSIFICATION.prepare(classes, PROTOCOL, CELL).test, 2)
    _, fault = asked(
        CLASSIFICATION, part, predict_proba=np.full((2, 2), 0.5), classes_=np.array([2, 2])
    )
    assert fault == "classes_ that name a class twice"


def test_a_training_set_without_a_class(classes):
    """A real learner fitted on two of three classes is scored on all three."""
    parts = CLASSIFICATION.prepare(classes, PROTOCOL, bench.Cell(0, 0, 48))
    few = parts.train.y != 1
    estimator = GaussianNB().fit(parts.train.X[few], parts.train.y[few])
    output = answer_of(CLASSIFICATION, estimator, parts.test)
    assert output.offers["probabilities"].shape == (6, 3)
    assert (output.offers["probabilities"][:, 1] < 1e-5).all()


def test_predict_is_asked_where_there_are_no_probabilities(classes):
    """Labels are then all that is offered."""
    part = CLASSIFICATION.prepare(classes, PROTOCOL, CELL).test
    output, fault = asked(CLASSIFICATION, part, predict=np.array([0, 1, 2, 0, 1, 2]))
    assert fault is None
    assert set(output.offers) == {"labels"}


def test_labels_are_what_predict_says(classes):
    """A threshold that an estimator has tuned is measured, and not the largest probability."""
    two = data(np.arange(60) % 2, ("classification",))
    part = CLASSIFICATION.shorten(CLASSIFICATION.prepare(two, PROTOCOL, CELL).test, 2)
    given = np.array([[0.7, 0.3], [0.9, 0.1]])
    output, _ = asked(CLASSIFICATION, part, predict_proba=given, predict=np.array([1, 0]))
    assert output.offers["labels"].tolist() == [1, 0]
    assert output.values.tolist() == given.tolist()


def test_a_decision_function_ranks_where_there_are_no_probabilities(classes):
    """Its values are aligned to all classes: one that training lacked is below all others."""
    part = CLASSIFICATION.shorten(CLASSIFICATION.prepare(classes, PROTOCOL, CELL).test, 2)
    output, fault = asked(
        CLASSIFICATION, part, decision_function=np.array([-2.0, 0.5]),
        predict=np.array([0, 2]), classes_=np.array([0, 2]),
    )  # fmt: skip
    assert fault is None
    assert set(output.offers) == {"scores", "labels"}
    assert output.offers["scores"].tolist() == [[2.0, -3.0, -2.0], [-0.5, -3.0, 0.5]]
    assert output.values.tolist() == [0, 2]


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        (np.zeros((6, 4)), None),  # of pairs of classes: no scores, but labels
        (np.zeros((5, 3)), "a decision function of the shape (5, 3) for 6 rows"),
        (np.zeros(3), "a decision function of the shape (3,) for 6 rows"),
        (
            np.full(6, np.nan),
            "a decision function with NaN or infinity, first in row 0 of the part",
        ),
    ],
)
def test_a_decision_function_of_another_form(classes, values, fault):
    """One that is of no use is left out; one with NaN is no answer."""
    part = CLASSIFICATION.prepare(classes, PROTOCOL, CELL).test
    output, found = asked(
        CLASSIFICATION, part, decision_function=values, predict=np.zeros(6, int)
    )  # fmt: skip
    assert found == fault
    assert output is None or set(output.offers) == {"labels"}


def test_the_metric_that_leads_is_that_of_the_field():
    """ROC AUC for two classes, log loss for more and for several labels a row."""
    leads = {kind: CLASSIFICATION.primary(bench.Target(kind)) for kind in CLASSIFICATION.targets}
    assert leads == {"binary": "roc-auc", "multiclass": "log-loss", "multilabel": "log-loss"}
    assert REGRESSION.primary(bench.Target("continuous")) == "rmse"
    assert CLUSTERING.primary(None) == "adjusted-rand"


GOOD = np.full((6, 3), 1 / 3)


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"predict_proba": GOOD[:5]}, "probabilities of the shape (5, 3); (6, 3) is needed"),
        ({"predict_proba": GOOD[:, :2]}, "probabilities of the shape (6, 2); (6, 3) is needed"),
        ({"predict_proba": GOOD * np.nan}, "probabilities with NaN or infinity, first in row 0"),
        ({"predict_proba": GOOD * 2}, "probabilities that add up to 2"),
        ({"predict_proba": np.array([[-0.5, 0.5, 1]] * 6)}, "probabilities between -0.5 and 1"),
        ({"predict_proba": np.full((6, 3), "a")}, "probabilities of the type <U1"),
        (
            {"predict_proba": GOOD, "classes_": np.array([0, 1, 5])},
            "classes_ with the unknown class 5",
        ),
        ({"predict": np.array([0, 1, 2, 3, 0, 0])}, "labels with the unknown class 3"),
        ({"predict": np.array([0, 1, np.nan, 0, 0, 0])}, "labels with NaN or infinity"),
        ({"predict": np.array(["a"] * 6)}, "labels such as ['a']; codes 0 to 2 are needed"),
        ({"predict_proba": [[1.0], [0.5, 0.5]]}, "probabilities of the shape (0,)"),
        ({"predict": np.zeros(5)}, "labels of the shape (5,); (6,) is needed"),
        ({"predict": [[0], [0, 1]]}, "labels that are no array"),
        ({"predict": None}, "labels of the shape ()"),
    ],
)
def test_bad_answers_are_named(classes, answers, message):
    """An answer that cannot be scored is described in one sentence."""
    part = CLASSIFICATION.prepare(classes, PROTOCOL, CELL).test
    _, fault = asked(CLASSIFICATION, part, **answers)
    assert message in fault


def test_several_labels_a_row():
    """A forest's list of probabilities becomes one table; a label never seen is 0."""
    y = np.column_stack([np.arange(60) % 2, np.zeros(60, int), np.arange(60) % 3 == 0]).astype(int)
    dataset = data(y, ("classification",))
    parts = CLASSIFICATION.prepare(dataset, PROTOCOL, bench.Cell(0, 0, 48))
    forest = RandomForestClassifier(n_estimators=5, random_state=0)
    estimator = CLASSIFICATION.fit(forest, parts, {})
    output = answer_of(CLASSIFICATION, estimator, parts.test)
    assert output.offers["probabilities"].shape == (6, 3)
    assert output.offers["labels"][:, 1].tolist() == [0] * 6


# --- regression -----------------------------------------------------------------------------------


def test_numbers_are_asked_for():
    """A column of numbers is taken as numbers, and several outputs stay several."""
    parts = REGRESSION.prepare(data(np.arange(60) / 7, ("regression",)), PROTOCOL, CELL)
    output, fault = asked(REGRESSION, parts.test, predict=np.ones((6, 1), np.float32))
    assert fault is None
    assert output.values.shape == (6,)
    assert output.values.dtype == np.float64
    several = data(np.random.default_rng(0).normal(size=(60, 2)), ("regression",))
    parts = REGRESSION.prepare(several, PROTOCOL, CELL)
    fitted = REGRESSION.fit(LinearRegression(), parts, {})
    output = answer_of(REGRESSION, fitted, parts.test)
    assert output.values.shape == (6, 2)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.ones((6, 2)), "predictions of the shape (6, 2); (6,) is needed"),
        (np.r_[np.ones(5), np.inf], "predictions with NaN or infinity, first in row 5"),
        (np.array(["a"] * 6), "predictions of the type <U1; numbers are needed"),
    ],
)
def test_bad_numbers_are_named(answer, message):
    """What is not one finite number a row cannot be scored."""
    parts = REGRESSION.prepare(data(np.arange(60) / 7, ("regression",)), PROTOCOL, CELL)
    _, fault = asked(REGRESSION, parts.test, predict=answer)
    assert message in fault


# --- clustering -----------------------------------------------------------------------------------


def test_fit_does_not_see_the_classes(classes):
    """The truth scores, and never reaches the estimator."""

    class Spy:
        def fit(self, *given):
            self.given = given
            return self

    parts = CLUSTERING.prepare(classes, PROTOCOL, CELL)
    assert parts.train.y is not None
    assert len(CLUSTERING.fit(Spy(), parts, {}).given) == 1


def test_clusters_of_new_rows(classes):
    """An estimator with predict is asked about every part."""
    parts = CLUSTERING.prepare(classes, PROTOCOL, CELL)
    estimator = CLUSTERING.fit(KMeans(3, n_init=1, random_state=0), parts, {})
    output = answer_of(CLUSTERING, estimator, parts.test)
    assert output.offers["clusters"].shape == (6,)


def test_estimators_without_predict_label_their_own_rows_alone(classes):
    """DBSCAN is scored on its training rows, or the first of them, and offers nothing else."""
    parts = CLUSTERING.prepare(classes, PROTOCOL, CELL)
    estimator = CLUSTERING.fit(DBSCAN(), parts, {})
    few = CLUSTERING.shorten(parts.train, 5)
    own = CLUSTERING.read(CLUSTERING.ask(estimator, few), few, parts, estimator)
    assert own.offers["clusters"].tolist() == estimator.labels_[:5].tolist()
    estimator.labels_ = np.append(estimator.labels_, 0)
    with pytest.raises(bench.InvalidAnswer, match=r"labels_ of the shape \(17,\); \(16,\)"):
        CLUSTERING.read(CLUSTERING.ask(estimator, few), few, parts, estimator)
    assert answer_of(CLUSTERING, estimator, parts.test).offers == {}


def test_clusters_are_whole_numbers(classes):
    """Half a cluster is no answer."""
    part = CLUSTERING.prepare(classes, PROTOCOL, CELL).test
    _, fault = asked(CLUSTERING, part, predict=np.full(6, 0.5))
    assert "whole numbers are needed" in fault


def test_rows_without_truth_can_be_clustered():
    """A dataset without y has splits and parts all the same."""
    dataset = normalise(bench.Dataset(np.zeros((60, 2))), "some", ("clustering",))
    assert len(list(CLUSTERING.splits(dataset, PROTOCOL))) == 5
    assert CLUSTERING.prepare(dataset, PROTOCOL, CELL).train.y is None


def test_rows_that_fit_does_not_see_are_taken_when_they_are_asked_about(classes):
    """Until then they take no memory; a shortened part takes its own rows alone."""
    parts = CLASSIFICATION.prepare(classes, PROTOCOL, CELL)
    test = parts.test
    few = CLASSIFICATION.shorten(test, 2)
    assert np.array_equal(few.X, classes.X[test.rows[:2]])
    assert test.later is not None
    assert np.array_equal(test.X, classes.X[test.rows])
    assert test.later is None
    assert np.array_equal(CLASSIFICATION.shorten(test, 2).X, few.X)
    assert parts.train.later is None
    with pytest.raises(AttributeError, match="no attribute 'Z'"):
        _ = test.Z
