"""A plugin that needs what is not installed."""

import a_framework_that_is_missing  # noqa: F401
