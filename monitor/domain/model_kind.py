"""What a listed model is good for, as far as its list entry or its name tells: to chat, to embed, or something else.

Owns the words by which that is known. Asked only where a pattern stands for models; an id that is named is probed as
it is configured, whatever it is called. Sources: the model lists of Together, OpenRouter, Mistral, Azure, Google, LM
Studio and Vercel, and the published names of OpenAI, Google, Mistral, Groq and Black Forest Labs.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class ModelKind(StrEnum):
    """What a model answers: a conversation, an embedding, or neither."""

    CHAT = "chat"
    EMBEDDING = "embedding"
    OTHER = "other"


ToldKinds = tuple[tuple[str, ModelKind], ...]
"""What a model list says of its models, where it says something: id and kind."""

_CHAT, _EMBEDDING, _OTHER = ModelKind.CHAT, ModelKind.EMBEDDING, ModelKind.OTHER

_TYPES: MappingProxyType[str, ModelKind] = MappingProxyType(
    {
        **dict.fromkeys(("chat", "language", "llm", "vlm", "code", "chat-completion", "text-generation"), _CHAT),
        **dict.fromkeys(("embedding", "embeddings", "text-embedding"), _EMBEDDING),
        **dict.fromkeys(("image", "audio", "video", "moderation", "rerank", "reranker", "speech", "tts"), _OTHER),
        **dict.fromkeys(("stt", "transcribe", "transcription", "text-to-image", "image_generation", "ocr"), _OTHER),
    }
)
_TYPE_KEYS = ("type", "task", "mode", "model_type")
_CHAT_FLAGS = ("completion_chat", "chat_completion")
_EMBEDS = re.compile(r"embed|(?:^|[^a-z0-9])(?:bge|gte|e5|minilm)(?:$|[^a-z])")
_OTHERWISE = re.compile(
    r"(?:^|[^a-z0-9])(?:whisper|tts|stt|dall-?e|image|imagen|imagine|sora|veo|flux|sdxl|stable-?diffusion|midjourney|"
    r"kling|suno|lyria|music|speech|voice|audio|realtime|live|transcribe|moderation|guard|rerank(?:er)?|ocr|video|"
    r"computer-use|deep-research|babbage|davinci|gpt-3\.5-turbo-instruct)(?:$|[^a-z])|[*]"
)


def kind_told(entry: Mapping[str, Any]) -> ModelKind | None:
    """What one entry of a model list says of its model; None where it says nothing that is known. Never raises."""
    for key in _TYPE_KEYS:
        word = entry.get(key)
        if isinstance(word, str) and word.lower() in _TYPES:
            return _TYPES[word.lower()]
    return _by_capabilities(entry.get("capabilities")) or _by_output(entry) or _by_methods(entry)


def kind_named(model: str) -> ModelKind:
    """What a model's name says; a name that says nothing is a model to talk to."""
    name = model.lower()
    if _EMBEDS.search(name):
        return _EMBEDDING
    return _OTHER if _OTHERWISE.search(name) else _CHAT


def _by_capabilities(capabilities: object) -> ModelKind | None:
    """Mistral: `completion_chat`; Azure: `chat_completion` beside `embeddings`."""
    if not isinstance(capabilities, dict):
        return None
    if capabilities.get("embeddings") is True:
        return _EMBEDDING
    flags = [capabilities[flag] for flag in _CHAT_FLAGS if isinstance(capabilities.get(flag), bool)]
    return None if not flags else _CHAT if any(flags) else _OTHER


def _by_output(entry: Mapping[str, Any]) -> ModelKind | None:
    """OpenRouter: `architecture.output_modalities`, before it `architecture.modality` ("text+image->text")."""
    architecture = entry.get("architecture")
    if not isinstance(architecture, dict):
        return None
    output = architecture.get("output_modalities")
    if not isinstance(output, list):
        modality = architecture.get("modality")
        output = modality.rpartition("->")[2].split("+") if isinstance(modality, str) else []
    if not output:
        return None
    return _CHAT if "text" in output else _EMBEDDING if "embeddings" in output else _OTHER


def _by_methods(entry: Mapping[str, Any]) -> ModelKind | None:
    """Google: `supportedGenerationMethods`."""
    methods = entry.get("supportedGenerationMethods")
    if not isinstance(methods, list) or not methods:
        return None
    return _CHAT if "generateContent" in methods else _EMBEDDING if "embedContent" in methods else _OTHER
