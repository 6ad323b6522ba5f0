"""Every code of an examination has its sentences, in every language."""

import pytest

from monitor.domain.action import Language
from monitor.domain.diagnosis import Meaning
from monitor.domain.diagnosis_texts import sentences

MOST = 150


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("meaning", Meaning)
def test_every_code_has_its_sentences(meaning: Meaning, language: Language) -> None:
    """Whole ones, short enough to be read, and in the right language."""
    for text in sentences(meaning, language):
        assert text.endswith((".", "."))
        assert len(text) <= MOST
        assert (language is Language.KO) == any("가" <= letter <= "힣" for letter in text)
