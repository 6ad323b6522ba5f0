"""The sentences of an examination, chosen by language: what a code means, and what to do about it."""

from typing import NamedTuple

from monitor.domain.action import Language
from monitor.domain.diagnosis import Meaning
from monitor.domain.diagnosis_english import ENGLISH
from monitor.domain.diagnosis_korean import KOREAN


class Sentences(NamedTuple):
    """What it means and what to do."""

    meaning: str
    advice: str


def sentences(meaning: Meaning, language: Language = Language.EN) -> Sentences:
    """What a code means and what to do about it."""
    return Sentences(*(KOREAN if language is Language.KO else ENGLISH)[meaning])
