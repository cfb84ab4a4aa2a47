"""What an analysis found, in plain sentences: each with its estimate, its interval, and where it rests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vlmrate.analysis.findings.agreement import agreement_findings
from vlmrate.analysis.findings.bias import bias_findings
from vlmrate.analysis.findings.finding import SEVERITIES, Finding
from vlmrate.analysis.findings.group_accuracy import group_accuracy_findings
from vlmrate.analysis.findings.groups import group_findings
from vlmrate.analysis.findings.labels import label_findings
from vlmrate.analysis.findings.runs import run_findings
from vlmrate.analysis.findings.spread import spread_findings
from vlmrate.analysis.findings.stand_in import replacement_findings
from vlmrate.study.records import Likert

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vlmrate.analysis.study import Analysis

__all__ = ["Finding", "findings"]


def findings(analysis: Analysis) -> tuple[Finding, ...]:
    """Everything found, rater by rater, what matters most first."""
    raters = [run.name for run in analysis.runs]
    return tuple(sorted(_all(analysis), key=lambda f: (raters.index(f.rater), SEVERITIES.index(f.severity))))


def _all(analysis: Analysis) -> Iterator[Finding]:
    level = analysis.resampling.bootstrap.level
    scales = {
        item.name: (item.scale.low, item.scale.high) for item in analysis.design.items if isinstance(item.scale, Likert)
    }
    yield from label_findings(analysis.classification, level)
    yield from agreement_findings(analysis.dimensions, analysis.reliability)
    yield from bias_findings(analysis.bias, scales)
    yield from group_findings(analysis.group_bias, scales)
    yield from group_accuracy_findings(analysis.group_accuracy)
    yield from spread_findings(analysis.spread, analysis.decoding)
    yield from replacement_findings(analysis.replacement)
    yield from run_findings(analysis.runs, level)
