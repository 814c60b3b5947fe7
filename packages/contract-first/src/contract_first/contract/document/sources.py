"""The source of a document, a file or an HTTP(S) URL, and the URI that stands for it."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname


def is_url(source: str) -> bool:
    """Tell whether a source is an HTTP(S) URL, and not a file."""
    return source.startswith(("http://", "https://"))


def suffix_of(source: str) -> str:
    """Return what follows the last dot of a source, in lower case."""
    return source.rsplit(".", 1)[-1].lower()


def uri_of(source: str) -> str:
    """Return the URI of a source: that of a file begins with ``file:``."""
    return source if is_url(source) else Path(source).resolve().as_uri()


def source_of(uri: str) -> str:
    """Return the source that has a URI."""
    return uri if is_url(uri) else url2pathname(urlsplit(uri).path)
