"""Identity of checks."""

from monitor.domain.check import CheckKind, check_id, forgotten_check, provider_of


def test_ids_are_stable_and_readable() -> None:
    """An id names the endpoint, the kind, and the model as it is configured."""
    assert check_id("gw", CheckKind.MODELS, None) == "gw/models"
    assert check_id("gw", CheckKind.CHAT, "openai/gpt-4.1") == "gw/chat/openai/gpt-4.1"


def test_the_provider_is_the_part_before_the_slash() -> None:
    """Ids without a prefix, or with an empty one, have the endpoint as their provider."""
    assert provider_of("anthropic/claude-sonnet-4", "gw") == "anthropic"
    assert provider_of("gpt-4.1", "gw") == "gw"
    assert provider_of("/odd", "gw") == "gw"
    assert provider_of(None, "gw") == "gw"


def test_a_forgotten_check_is_told_by_its_id() -> None:
    """A check that is no longer configured but has an incident is known by its id alone."""
    chat = forgotten_check("gw/chat/openai/gpt-4.1", "gw")
    assert (chat.kind, chat.model, chat.provider) == (CheckKind.CHAT, "openai/gpt-4.1", "openai")
    models = forgotten_check("gw/models", "gw")
    assert (models.kind, models.model, models.provider) == (CheckKind.MODELS, None, "gw")
