"""Gives Schemathesis's command line the hook that a check of ours has."""

import schemathesis

from openapi_check.run.fresh_keys import before_call

schemathesis.hook(before_call)
