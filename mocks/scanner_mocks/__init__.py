"""Everything that stands in for the real world: the mock of the Scanner API, for people and for tests.

`scanner_mock()` runs the mock for the length of a ``with`` block, which gets a `Mock`. Both are imported
when they are first used, since S3's own process, and the command line's help, do without the service.
"""

from typing import TYPE_CHECKING

from contract_first.imports import exported

if TYPE_CHECKING:
    from .server import Mock, scanner_mock

__all__ = ["Mock", "scanner_mock"]

__getattr__ = exported(__name__)
