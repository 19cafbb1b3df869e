"""The opening paragraph of a page: what moved, how sure, what did not."""

from __future__ import annotations

from collections.abc import Sequence

from jalon import locale
from jalon.views.parts import Card, Sentence
from jalon.views.source import Source
from jalon.views.wording import listing, whole

#: Movements told in a sentence each; the others are in the cards.
TOLD = 3


def paragraph(source: Source, cards: Sequence[Card]) -> tuple[Sentence, ...]:
    """What the cards say, in sentences: the first figure, what moved, what stayed within noise."""
    known = [each for each in cards if each.figure.value is not None]
    if not known:
        return ()
    lead, *others = known
    said = [_lead(source, lead)]
    told = [each for each in others if each.figure.change and each.figure.change.conclusive]
    said += [Sentence(_moved(source, each)) for each in told[:TOLD]]
    quiet = [each for each in others if each.figure.change and _noise(each)]
    if quiet:
        said.append(Sentence(_still(source, quiet), quiet=True))
    return tuple(said)


def _lead(source: Source, card: Card) -> Sentence:
    lang, figure = source.lang, card.figure
    value = whole(figure.value, figure.unit, lang)
    facts = {
        "label": card.label,
        "period": source.asked.span.label(lang),
        "value": value,
        "between": figure.between,
    }
    code = "page.says.value" if figure.between else "page.says.value_alone"
    said = locale.text(code, lang, **facts)
    if figure.change is None:
        return Sentence(said + ".")
    kind = "moved" if figure.change.conclusive else "noise" if _noise(card) else "plain"
    facts = {"change": figure.change.text, "against": figure.change.against}
    return Sentence(said + locale.text(f"page.says.then_{kind}", lang, **facts))


def _moved(source: Source, card: Card) -> str:
    change = card.figure.change
    assert change is not None
    return locale.text(
        f"page.says.{'up' if change.value > 0 else 'down'}",
        source.lang,
        label=card.label,
        change=change.text,
        value=whole(card.figure.value, card.figure.unit, source.lang),
    )


def _still(source: Source, cards: Sequence[Card]) -> str:
    names = listing([_lower(each.label) for each in cards], source.lang)
    code = "page.says.still_one" if len(cards) == 1 else "page.says.still"
    text = locale.text(code, source.lang, listed=names)
    return text[:1].upper() + text[1:]


def _noise(card: Card) -> bool:
    return card.figure.change is not None and card.figure.change.tone == "noise"


def _lower(label: str) -> str:
    """A label within a sentence: an acronym keeps its capitals."""
    head = label.split(" ", 1)[0]
    return label if head.isupper() else label[:1].lower() + label[1:]
