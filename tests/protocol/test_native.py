"""The protocol of raters that are not asked in words."""

from __future__ import annotations

from vlmrate.protocol.native import native_protocol
from vlmrate.study.records import Item, Labels, Likert

EMOTION = Item("emotion", Labels(("happy", "sad")), intended="emotion")
VALENCE = Item("valence", Likert(1, 9))


def test_one_step_asks_for_every_item_without_words() -> None:
    """Nothing is sent; every item is answered in the one step."""
    (step,) = native_protocol((EMOTION, VALENCE)).steps
    assert step.asks == (EMOTION, VALENCE)
    assert step.template.parts == ()


def test_the_digest_knows_name_items_and_scales() -> None:
    """Answers on another scale, or to other items, are another protocol."""
    digests = {
        native_protocol((EMOTION, VALENCE)).digest,
        native_protocol((EMOTION,)).digest,
        native_protocol((EMOTION, Item("valence", Likert(1, 7)))).digest,
        native_protocol((EMOTION, VALENCE), "imported").digest,
    }
    assert len(digests) == 4
