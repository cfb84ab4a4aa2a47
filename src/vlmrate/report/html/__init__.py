"""The report as one HTML file that needs no network."""

from __future__ import annotations

from vlmrate.report.html.page import html_page

__all__ = ["html_page"]
