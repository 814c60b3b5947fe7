"""An HTML page that needs nothing else: no script, no font, no other file."""

from __future__ import annotations

from html import escape
from importlib.resources import files

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def standalone_page(title: str, style: str, body: str) -> str:
    """Return a page of this title (text), style sheet (besides the one of all such pages) and body (HTML)."""
    common = (files(__package__) / "standalone_page.css").read_text("utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>
{common}{style}</style>
</head>
<body>
{body}
</body>
</html>
"""
