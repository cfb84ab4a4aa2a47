"""vlmrate: a vision-language model as one more participant in a rating study."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
