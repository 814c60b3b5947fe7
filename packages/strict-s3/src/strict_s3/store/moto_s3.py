"""moto's S3, imported without IAM, without its in-process mocks and without botocore's sessions: 30 MB less.

Where a program uses these as well, they are imported then.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any, Final

ACCOUNT: Final = "123456789012"
"""moto's own account."""


class _Outline(ModuleType):
    """A module with a few of its members; the access to any other imports it."""

    def __init__(self, name: str, **members: Any) -> None:
        super().__init__(name)
        self.__dict__.update(members)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system's own
            raise AttributeError(name)
        return getattr(_imported(self.__name__), name)


def _imported(name: str) -> ModuleType:
    if isinstance(sys.modules.get(name), _Outline):
        del sys.modules[name]
    return import_module(name)


def _later(module: str, name: str) -> Callable[..., Any]:
    """Return a function that imports a module, and calls the function of this name in it."""

    def call(*positional: Any, **named: Any) -> Any:
        return getattr(_imported(module), name)(*positional, **named)

    return call


_OUTLINES = (
    _Outline("boto3", Session=_later("boto3", "Session")),
    _Outline("botocore.session", Session=_later("botocore.session", "Session")),
    _Outline("moto.core.decorator", mock_aws=_later("moto.core.decorator", "mock_aws")),
    _Outline(
        "moto.core.models",
        DEFAULT_ACCOUNT_ID=ACCOUNT,
        patch_client=_later("moto.core.models", "patch_client"),
        patch_resource=_later("moto.core.models", "patch_resource"),
    ),
)
_IAM = _Outline("moto.iam.models", mark_account_as_visited=lambda **_: None)
"""moto imports it at each request, to note the use of an access key."""


@contextmanager
def _outlined() -> Iterator[None]:
    """Put outlines in place of modules that are not imported yet."""
    absent = [outline for outline in _OUTLINES if outline.__name__ not in sys.modules]
    for outline in absent:
        sys.modules[outline.__name__] = outline
    try:
        yield
    finally:
        for outline in absent:
            if sys.modules.get(outline.__name__) is outline:
                del sys.modules[outline.__name__]


with _outlined():
    from moto.core.request import Request
    from moto.s3 import models, responses
    from moto.s3.exceptions import AccessDeniedByLock, S3ClientError
    from moto.s3.responses import S3Response
sys.modules.setdefault("moto.iam.models", _IAM)
for _module in (models, responses):
    # moto has a store for each partition of regions: that of us-gov-west-1 is another
    vars(_module)["get_partition"] = lambda _: "aws"

__all__ = ["ACCOUNT", "AccessDeniedByLock", "Request", "S3ClientError", "S3Response", "models"]
