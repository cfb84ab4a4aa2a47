"""What a rater's answers hang on: the label it carries, the number it carries, and how it is asked.

Ratings under a protocol that forces answers stand here and in no other comparison.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vlmrate.analysis.ablations.anchoring import Anchoring, anchorings
from vlmrate.analysis.ablations.changes import Change, changes
from vlmrate.analysis.ablations.false_label import FalseLabel, false_labels
from vlmrate.analysis.ablations.propagation import ItemPropagation, propagations
from vlmrate.analysis.ablations.runs import ForcedRun, forced_runs, lacking, rater_names
from vlmrate.stats import Skipped

if TYPE_CHECKING:
    from vlmrate.analysis.data import Material
    from vlmrate.analysis.protocols import ItemProtocols

__all__ = ["Ablations", "ablations"]


@dataclass(frozen=True, slots=True)
class Ablations:
    """Each ablation's result; `runs` are those under protocols that force answers.

    `missing` says which raters lack an ablation that others have.
    """

    runs: tuple[ForcedRun, ...]
    changes: tuple[Change, ...] | Skipped
    propagation: tuple[ItemPropagation, ...] | Skipped
    false_label: tuple[FalseLabel, ...] | Skipped
    anchoring: tuple[Anchoring, ...] | Skipped
    missing: tuple[Skipped, ...]


def ablations(material: Material, by_protocol: tuple[ItemProtocols, ...] | Skipped) -> Ablations | Skipped:
    """Every ablation of the raters that were asked in two ways; `by_protocol` are their pairs of protocols."""
    runs = (*material.raters, *material.forced)
    if len(rater_names(material)) == len(runs):
        return Skipped(
            "no rater was asked in two ways (`vlmrate infer --protocol "
            "context-carry,oracle-carry,false-label,anchor,option-order,reworded`)"
        )
    return Ablations(
        runs=forced_runs(material),
        changes=changes(material, by_protocol),
        propagation=propagations(material),
        false_label=false_labels(material),
        anchoring=anchorings(material),
        missing=tuple(lacking(material)),
    )
