"""What all tests of classical models share."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True)
def one_thread():
    """Threads on few rows, beside other tests' threads, mostly wait for one another."""
    with threadpool_limits(1):
        yield
