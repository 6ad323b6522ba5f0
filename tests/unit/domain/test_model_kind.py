"""What a model is good for: a row for each way in which a list says so."""

from typing import Any

import pytest

from monitor.domain.model_kind import ModelKind, kind_named, kind_told

CHAT, EMBEDDING, OTHER = ModelKind.CHAT, ModelKind.EMBEDDING, ModelKind.OTHER


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ({"type": "chat"}, CHAT),
        ({"type": "Embedding"}, EMBEDDING),
        ({"type": "image"}, OTHER),
        ({"type": "model"}, None),
        ({"task": "chat-completion"}, CHAT),
        ({"task": {"name": "Text Generation"}}, None),
        ({"capabilities": {"completion_chat": True}}, CHAT),
        ({"capabilities": {"completion_chat": False}}, OTHER),
        ({"capabilities": {"chat_completion": False, "embeddings": True}}, EMBEDDING),
        ({"capabilities": ["chat"]}, None),
        ({"capabilities": {"vision": True}}, None),
        ({"architecture": {"modality": "text+image->text"}}, CHAT),
        ({"architecture": {"modality": "text->image"}}, OTHER),
        ({"architecture": {"modality": 5}}, None),
        ({"architecture": {"output_modalities": ["image", "text"]}}, CHAT),
        ({"architecture": {"output_modalities": ["embeddings"]}}, EMBEDDING),
        ({"architecture": "x"}, None),
        ({"supportedGenerationMethods": ["generateContent", "countTokens"]}, CHAT),
        ({"supportedGenerationMethods": ["embedContent"]}, EMBEDDING),
        ({"supportedGenerationMethods": ["predict"]}, OTHER),
        ({"supportedGenerationMethods": []}, None),
        ({}, None),
    ],
)
def test_what_an_entry_tells(entry: dict[str, Any], kind: ModelKind | None) -> None:
    """The fields of the great gateways are understood; what is not known says nothing."""
    assert kind_told(entry) is kind


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        (
            CHAT,
            "gpt-4.1 anthropic/claude-sonnet-4 o3 llama-3.3-70b google/gemini-2.5-flash mistral-large qwen3 mixtral",
        ),
        (CHAT, "openai/gpt-4.1-mini deepseek/deepseek-r1 x-ai/grok-4 imagination-7b livelier-13b gpt-3.5-turbo"),
        (EMBEDDING, "text-embedding-3-small BAAI/bge-m3 mistral-embed intfloat/e5-large thenlper/gte-large"),
        (OTHER, "whisper-1 tts-1-hd dall-e-3 gpt-image-1 omni-moderation-latest flux.1-dev black-forest-labs/flux-pro"),
        (OTHER, "gpt-4o-realtime-preview gpt-4o-audio-preview gpt-4o-transcribe stable-diffusion-xl imagen-4.0 sora-2"),
        (OTHER, "cohere/rerank-v3 llama-guard-4 mistral-ocr-latest davinci-002 o3-deep-research openai/* veo-3.0"),
    ],
)
def test_what_a_name_tells(kind: ModelKind, names: str) -> None:
    """Well-known models that nobody can talk to are known by their names; all others are taken for chat models."""
    assert {name: kind_named(name) for name in names.split()} == dict.fromkeys(names.split(), kind)
