"""It has no hook."""

HOOK_API = 2
