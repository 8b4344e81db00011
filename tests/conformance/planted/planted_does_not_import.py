"""It needs what is not installed."""

import a_framework_that_is_missing

HOOK_API = a_framework_that_is_missing.HOOK_API
