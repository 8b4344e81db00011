"""The tasks that are built in, one file each."""

from bench.spec import Task
from bench.tasks.classification import CLASSIFICATION
from bench.tasks.clustering import CLUSTERING
from bench.tasks.regression import REGRESSION

TASKS: tuple[Task, ...] = (CLASSIFICATION, REGRESSION, CLUSTERING)
