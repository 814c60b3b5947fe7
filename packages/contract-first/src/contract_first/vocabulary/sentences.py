"""Sentences about the thing in which they stand."""

from collections.abc import Sequence

from .makers import Related
from .subjects import Subject

PLAIN = "draft"
"""The thing, where its name says nothing."""


def _about(templates: Sequence[str]) -> Related:
    def sentence(subject: Subject, _name: str, of: str) -> str:
        noun = subject.noun or of.replace("_", " ") or PLAIN
        title = " ".join(subject.person()) if subject.is_person else subject.title()
        article = "an" if noun[0] in "aeiou" else "a"
        text = subject.random.choice(templates)
        return text.format(noun=noun, title=title, a=article)

    return Related(sentence)


ABOUT = _about(
    (
        "{title} is {a} {noun} that the team uses every week.",
        "{title} is {a} {noun} for new customers.",
        "{title} was set up as {a} {noun} for the spring launch.",
    )
)
SAID = _about(
    (
        "The {noun} is ready by Friday, as agreed.",
        "Please have a look at the {noun} before the meeting.",
        "Thanks, the {noun} looks good now.",
        "The {noun} was updated after the last review.",
    )
)
WRONG = _about(
    (
        "The {noun} could not be found.",
        "The {noun} has changed since it was read.",
        "The {noun} is missing a required value.",
    )
)
