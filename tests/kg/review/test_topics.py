"""Topics: names that texts share become entities that items mention."""

from __future__ import annotations

from tastegraph.core.records import ITEM, LABEL, MENTIONS, Fact, Item
from tastegraph.store.schema import TOPICS

from .test_derivation import facts_of, open_workspace

TEXTS = (
    "A quiet drama by Mara Velden, shot in winter.",
    "The keeper of a lighthouse is played by Mara Velden.",
    "Only this text speaks of Otto Brandt.",
)


def test_names_that_two_texts_share_are_topics():
    with open_workspace() as shop:
        shop.ingest(items=[Item(str(k), f"Film {k}", text) for k, text in enumerate(TEXTS)])
        shop.knowledge.derive(TOPICS)
        topics = facts_of(shop, TOPICS)
    assert set(topics) == {
        ("name:mara velden", LABEL, "Mara Velden"),
        (f"{ITEM}0", MENTIONS, "name:mara velden"),
        (f"{ITEM}1", MENTIONS, "name:mara velden"),
    }


def test_names_of_known_entities_are_left_to_mentions():
    with open_workspace() as shop:
        label = Fact("p:1", LABEL, "Mara Velden", literal=True)
        shop.ingest(
            items=[Item(str(k), f"Film {k}", text) for k, text in enumerate(TEXTS)],
            facts={"names": [label]},
        )
        assert shop.knowledge.derive(TOPICS) == 0
