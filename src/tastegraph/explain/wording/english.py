"""Reasons in English."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tastegraph.core.config import EventPhrases, RelationConfig
from tastegraph.core.records import COUNT, Event
from tastegraph.explain.wording.templates import SharedFeature, plain_event_type
from tastegraph.text.relations import Phrase, grammatical_phrase

_EVENT_CLAUSES = {
    "view": "which you viewed",
    "click": "which you clicked on",
    "purchase": "which you bought",
    "like": "which you liked",
    "rating": "which you rated",
    "dislike": "which you disliked",
    "skip": "which you skipped",
    "count": "which you chose",
    "impression": "which you were shown",
    "addtocart": "which you added to the cart",
    "cart": "which you added to the cart",
    "basket": "which you added to the basket",
    "removefromcart": "which you took out of the cart",
    "wishlist": "which you put on your wish list",
    "addtowishlist": "which you put on your wish list",
    "favorite": "which is one of your favourites",
    "favourite": "which is one of your favourites",
    "bookmark": "which you bookmarked",
    "save": "which you saved",
    "share": "which you shared",
    "download": "which you downloaded",
    "install": "which you installed",
    "play": "which you played",
    "listen": "which you listened to",
    "watch": "which you watched",
    "complete": "which you finished",
    "finish": "which you finished",
    "read": "which you read",
    "borrow": "which you borrowed",
    "subscribe": "which you subscribed to",
    "unsubscribe": "which you unsubscribed from",
    "follow": "which you follow",
    "order": "which you ordered",
    "buy": "which you bought",
    "checkout": "which you bought",
    "book": "which you booked",
    "rent": "which you rented",
    "refund": "which you had refunded",
    "return": "which you returned",
    "comment": "which you commented on",
    "review": "which you reviewed",
    "apply": "which you applied for",
    "visit": "which you visited",
    "open": "which you opened",
    "hide": "which you hid",
    "report": "which you reported",
    "upvote": "which you voted for",
    "downvote": "which you voted against",
}


class EnglishTemplates:
    """Sentences such as "director Joel Coen, like *Fargo*, which you rated 5".

    Args:
        relations: name → what the configuration says of it.
        words: event type → how a sentence puts it.
    """

    def __init__(
        self,
        relations: Mapping[str, RelationConfig] | None = None,
        words: Mapping[str, EventPhrases] = {},
    ) -> None:
        self._relations, self._words = relations or {}, words
        self._phrases: dict[str, Phrase] = {}

    def event_clause(self, event: Event) -> str:
        """What the user did: "which you rated 5"."""
        configured = self._words.get(event.type)
        if configured is not None and configured.en:
            return configured.en
        if event.type == "rating" and event.value is not None:
            return f"which you rated {event.value:g}"
        if event.type == COUNT and event.value is not None and event.value > 1:
            return f"which you chose {event.value:,.6g} times"
        general = f'for which there is an event "{event.type}" of yours'
        return _EVENT_CLAUSES.get(plain_event_type(event.type), general)

    def event_action(self, event: Event) -> str:
        """The same without the user: "rated 5"."""
        return self.event_clause(event).removeprefix("which you ")

    def relation_phrase(self, relation: str) -> str:
        """ "director"."""
        return self._phrase(relation).text

    def popular(self, users: int, *, many: bool, stranger: bool) -> str:
        """For the kind ``popularity``."""
        if not users:
            sentence = "nobody has liked it yet"
        elif many:
            sentence = f"liked by many people ({users:,})"
        else:
            sentence = f"liked by {users:,} people" if users > 1 else "liked by one person"
        return f"{sentence}; nothing is known of your taste yet" if stranger else sentence

    def popular_lately(self, users: int) -> str:
        """For the kind ``popularity``, of late."""
        return f"liked by people lately ({_count_of_people(users)} in all)"

    def users_like_both(self, title: str, event: Event, users: int) -> str:
        """For the kind ``behaviour``."""
        return f"{self._users_who_like(title, event, users)} this too"

    def users_like_less(self, title: str, event: Event, users: int, likers: int) -> str:
        """For the kind ``behaviour``, where the two items differ."""
        who = f"people who like {self._item(title, event)},"
        return f"{who} like this less often than others do ({users:,} of {likers:,})"

    def learned_from_likes(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``learned``."""
        how = "similar to" if alike else "unlike"
        return f"{how} {self._item(title, event)}, by what was learned from people's likes"

    def users_like_feature(
        self, title: str, event: Event, shared: SharedFeature, users: int
    ) -> str:
        """For the kind ``affinity``."""
        who = self._users_who_like(title, event, users)
        return f"{who} something else {self._feature_clause(shared)} too"

    def users_like_feature_less(
        self, title: str, event: Event, shared: SharedFeature, users: int, likers: int
    ) -> str:
        """For the kind ``affinity``, where the two items differ."""
        who = f"people who like {self._item(title, event)},"
        what = f"something else {self._feature_clause(shared)}"
        return f"{who} like {what} less often than others do ({users:,} of {likers:,})"

    def learned_from_feature(
        self, title: str, event: Event, shared: SharedFeature, *, alike: bool
    ) -> str:
        """For the kind ``facts``, where one feature says it."""
        goes = "goes" if alike else "does not go"
        has = self._feature_clause(shared)
        return f"something {has} {goes} with {self._item(title, event)}, by what was learned"

    def learned_from_facts(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``facts``."""
        goes = "goes" if alike else "does not go"
        return f"{goes} with {self._item(title, event)}, by what was learned of facts"

    def learned_from_texts(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``text``."""
        goes = "goes" if alike else "does not go"
        return f"{goes} with {self._item(title, event)}, by what was learned of texts"

    def texts_compared(self, title: str, event: Event, *, alike: bool) -> str:
        """For the kind ``text``, where the texts are near or far."""
        how = "much like" if alike else "unlike"
        return f"described {how} {self._item(title, event)}"

    def both_mention(self, labels: Sequence[str]) -> str:
        """ ": both mention Kyoto and samurai"."""
        return f": both mention {' and '.join(labels)}"

    def facts_shared(self, title: str, event: Event, shared: SharedFeature, events: int) -> str:
        """For the kind ``knowledge``."""
        item, phrase, label = self._item(title, event), self._phrase(shared.relation), shared.label
        more = f" (and {events - 1} more)" if events > 1 else ""
        opinion = self._opinion(event) if event.entity_id else None
        if opinion and shared.direct == "forward" and phrase.form == "noun":
            before, after = opinion
            return f"because you {before} the {phrase.text} *{title}*{after}"
        if shared.direct is not None:
            return _one_step(phrase, item, forward=shared.direct == "forward")
        if shared.reverse:
            return _reverse_shared(phrase, label, item) + more
        if phrase.form == "opaque":
            return f"tied to {label}, like {item}{more}" if label else _same_tie(item) + more
        if label:
            return f"{phrase.text} {label}, like {item}{more}"
        if phrase.form == "noun":
            return f"same {phrase.text} as {item}{more}"
        return f"{phrase.text} the same as {item}{more}"

    def _opinion(self, event: Event) -> tuple[str, str] | None:
        """What a user thinks of an entity, before and after its name: "like"; "rated", " 5"."""
        if event.type == "rating" and event.value is not None and event.type not in self._words:
            return "rated", f" {event.value:g}"
        return {"like": ("like", ""), "dislike": ("dislike", "")}.get(event.type)

    def _item(self, title: str, event: Event) -> str:
        return f"*{title}*, {self.event_clause(event)}"

    def _users_who_like(self, title: str, event: Event, users: int) -> str:
        if users == 1:
            return f"one person who likes {self._item(title, event)}, likes"
        return f"{users:,} people who like {self._item(title, event)}, like"

    def _phrase(self, relation: str) -> Phrase:
        if relation not in self._phrases:
            self._phrases[relation] = grammatical_phrase(relation, self._relations)
        return self._phrases[relation]

    def _feature_clause(self, shared: SharedFeature) -> str:
        """What stands after "something": "with the director Joel Coen"."""
        phrase, label = self._phrase(shared.relation), shared.label
        if phrase.form == "opaque":
            return f"tied to {label or 'the same thing as this'}"
        if shared.reverse and phrase.form == "noun":
            return f"listed as {phrase.text} of {label or 'the same thing as this'}"
        if shared.reverse:
            is_ = "is " if phrase.form == "participle" else ""
            return f"that {label or 'the same thing'} {is_}{phrase.text}"
        if phrase.form == "noun" and label:
            return f"with the {phrase.text} {label}"
        if phrase.form == "noun":
            return f"with {'these' if _is_plural(phrase) else 'this'} {phrase.text}"
        that = "that " if phrase.form == "verb" else "that is "
        if phrase.form == "participle" and phrase.text.split()[0].endswith("ed"):
            that = ""
        return f"{that}{phrase.text} {label or 'the same as this'}"


def _count_of_people(count: int) -> str:
    return "one person" if count == 1 else f"{count:,} people"


def _is_plural(phrase: Phrase) -> bool:
    last = phrase.text.split()[-1]
    return last.endswith("s") and not last.endswith(("ss", "us", "is", "series", "news"))


def _same_tie(item: str) -> str:
    return f"tied to the same thing as {item}"


def _one_step(phrase: Phrase, item: str, *, forward: bool) -> str:
    """A fact of the target that names the item, or of the item that names the target."""
    if phrase.form == "opaque":
        return f"tied to {item}"
    if phrase.form == "noun" and forward:
        return f"its {phrase.text} {'are' if _is_plural(phrase) else 'is'} {item}"
    if phrase.form == "noun":
        return f"{phrase.text} of {item}"
    if forward:
        return f"{phrase.text} {item}"
    is_ = "is " if phrase.form == "participle" else ""
    return f"{item}, {is_}{phrase.text} this"


def _reverse_shared(phrase: Phrase, label: str, item: str) -> str:
    """Both are objects of the same fact: "film of Joel Coen, like *Fargo*"."""
    if phrase.form == "opaque":
        return f"tied to {label}, like {item}" if label else _same_tie(item)
    if phrase.form == "noun":
        return f"{phrase.text} of {f'{label}, like' if label else 'the same one as'} {item}"
    is_ = "is " if phrase.form == "participle" else ""
    if label:
        return f"what {label} {is_}{phrase.text}, like {item}"
    return f"something {is_}{phrase.text} both this and {item}"
