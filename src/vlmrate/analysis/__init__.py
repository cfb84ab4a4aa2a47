"""A study's questions, each mapped to statistics: from ratings to frozen results."""

from __future__ import annotations

from vlmrate.analysis.options import AnalysisOptions
from vlmrate.analysis.study import Analysis, analyze

__all__ = ["Analysis", "AnalysisOptions", "analyze"]
