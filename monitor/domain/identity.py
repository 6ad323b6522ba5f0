"""Who answered: the model that was asked, another one in its place, or nobody but a cache.

Owns what an id says of a model (family, version, size, tier) and what gateways say in their headers. A complaint is
made only where something is known: an alias that people configured says nothing of a model, so nothing can
contradict it. What becomes of a complaint is ruled in `answer_rows`. Pure.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import lru_cache

ANYBODY = "*"
"""Among the accepted ids: whoever answers, a cache included."""
_LONGEST = 256


class StandIn(StrEnum):
    """What answered instead of the model that was asked."""

    ANOTHER_MODEL = "another_model"
    FALLBACK = "fallback"
    CACHE = "cache"


class Likeness(StrEnum):
    """What two ids say of each other."""

    SAME = "same"
    OTHER = "other"
    UNSAID = "unsaid"


@dataclass(frozen=True, slots=True)
class Doubt:
    """Who answered, where it was not the model that was asked.

    Attributes:
        detail: for the reason; hostile.
    """

    stand_in: StandIn
    detail: str = ""


@dataclass(frozen=True, slots=True)
class _Traits:
    """What an id says; empty where it says nothing."""

    families: frozenset[str]
    version: str
    sizes: frozenset[str]
    tiers: frozenset[str]


def doubt_of(asked: str, answered: str | None, headers: Mapping[str, str], accepted: tuple[str, ...]) -> Doubt | None:
    """Whether somebody else answered; None where nothing says so.

    Args:
        asked: the id of the model that was asked.
        answered: the id in the answer; None or empty says nothing.
        headers: of the answer, names in lower case.
        accepted: ids (a `*` stands for anything) that may answer too; `ANYBODY` alone for whoever.
    """
    if answered == asked and _TELLING.isdisjoint(headers):
        return None
    if ANYBODY in accepted:
        return None
    if not _TELLING.isdisjoint(headers) and _is_cached(headers):
        return Doubt(StandIn.CACHE)
    names = [name for name in (answered, *(headers.get(header) for header in _NAMING)) if name]
    if any(is_accepted(name, accepted) for name in names):
        return None
    other = next((name for name in names if likeness(asked, name) is Likeness.OTHER), None)
    if other is not None:
        return Doubt(StandIn.ANOTHER_MODEL, other)
    return Doubt(StandIn.FALLBACK, answered or "") if _fell_back(headers) else None


def is_accepted(answered: str, accepted: tuple[str, ...]) -> bool:
    """Whether one of the accepted ids means this model: as it stands, by its pattern, or as a dated form of it."""
    name = answered.lower()
    return any(fnmatchcase(name, one.lower()) or likeness(one, answered) is Likeness.SAME for one in accepted)


def likeness(asked: str, answered: str) -> Likeness:
    """Whether two ids name one model, two, or whether one of them does not say."""
    return Likeness.SAME if asked == answered else _likeness(asked[:_LONGEST], answered[:_LONGEST])


@lru_cache(maxsize=4096)
def _likeness(asked: str, answered: str) -> Likeness:
    one, other = _bare(asked), _bare(answered)
    if one == other:
        return Likeness.SAME
    asks, answers = _traits(one), _traits(other)
    if not asks.families or not answers.families:
        return Likeness.UNSAID
    return Likeness.SAME if _agree(asks, answers) else Likeness.OTHER


def _agree(asked: _Traits, answered: _Traits) -> bool:
    """Nothing that both say is contradicted; and a tier is said by both or by none, unless only the family is asked."""
    if asked.families.isdisjoint(answered.families):
        return False
    if asked.version and answered.version and asked.version != answered.version:
        return False
    if asked.sizes and answered.sizes and asked.sizes.isdisjoint(answered.sizes):
        return False
    if not (asked.version or asked.sizes or asked.tiers):
        return True
    hosting = _HOSTING if asked.sizes and answered.sizes else frozenset()
    return asked.tiers - hosting == answered.tiers - hosting


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_DATE = re.compile(
    r"(?<!\d)20\d\d-[01]\d-[0-3]\d(?!\d)|(?<!\d)[01]\d-20\d\d(?!\d)|(?<!\d)20\d{6}(?!\d)|(?<=-)[01]\d-[0-3]\d(?!\d)"
)
_REVISION = re.compile(r"-v\d+:\d+(?::\w+)?$")  # Bedrock's
_QUANTISED = re.compile(r"(?:^|[-._])i?q\d(?:[-_][kmslx0-9]{1,3})*(?=$|[-._])")
_FILE = re.compile(r"\.(?:gguf|ggml|safetensors|bin)$")
_PATH = re.compile(r"[/\\]")
_NOT_DECIMAL = re.compile(r"(?<!\d)\.|\.(?!\d)")
_P_DECIMAL = re.compile(r"(?<=\d)p(?=\d)")  # Fireworks writes v3p1
_SPLIT = re.compile(r"[-_:@\s#+,()\[\]]+")
_TOKEN = re.compile(r"(?P<word>[a-z]*?)v?(?P<number>\d+(?:\.\d+)*)(?P<suffix>[a-z]*)")
_SIZE = re.compile(r"a?(?:\d+x)?\d+(?:\.\d+)?[bm]|e\d+b")
_GPT_4_TURBO = re.compile(r"^gpt-4-(?:1106|0125)$")
_GPT_WITHOUT_DOT = re.compile(r"(?<=gpt-)35(?=-|$)")  # Azure forbids the dot
_FAMILIES = _words(
    "gpt claude gemini gemma llama qwen qwq mistral mixtral ministral magistral codestral devstral pixtral deepseek "
    "grok command aya phi nova titan jamba kimi moonshot glm chatglm yi baichuan hunyuan ernie doubao minimax abab "
    "nemotron dbrx falcon granite olmo sonar dolphin hermes wizardlm vicuna solar exaone internlm smollm stablelm "
    "starcoder codellama zephyr mimo step seed whisper dall bge palm embedding o"
)
_SAME_FAMILY = {"chatgpt": "gpt", "embed": "embedding", "ada": "embedding"}
_TIERS = _words(
    "mini nano micro opus sonnet haiku instant pro flash lite turbo large medium small tiny ultra max plus fast scout "
    "maverick codex coder code oss nemo vision vl omni audio tts realtime transcribe image guard reasoner r1 premier "
    "air light research deep math distill ada"
)
_HOSTING = _words("turbo instant fast lite distill")
"""Of a model whose size is said, these tell how it is served, not which it is."""
_SAME_TIER = {"reasoner": "r1", "code": "coder"}

_SAYS_NOTHING = _words(
    "free latest nitro floor online extended beta exacto preview exp experimental default us eu apac global anthropic "
    "openai google meta amazon mistralai cohere ai21 models azure bedrock vertex"
)


def _bare(model_id: str) -> str:
    """An id without what does not belong to the model's own name: vendors, paths, dates, quantisation."""
    text = model_id.strip().lower()
    text = _PATH.split(text.rstrip("/\\"))[-1] or text
    text = _FILE.sub("", text)
    text = _REVISION.sub("", text)
    text = _DATE.sub("", text)
    text = _QUANTISED.sub("", text)
    text = _NOT_DECIMAL.sub("-", _P_DECIMAL.sub(".", text))
    words = [word for word in _SPLIT.split(text) if word and word not in _SAYS_NOTHING]
    name = _GPT_WITHOUT_DOT.sub("3.5", "-".join(words))
    return _GPT_4_TURBO.sub("gpt-4-turbo", name)


def _traits(bare: str) -> _Traits:
    families: set[str] = set()
    sizes: set[str] = set()
    tiers: set[str] = set()
    version: list[str] = []
    open_to_numbers = False
    for word in bare.split("-"):
        family, number = _family(word)
        if family is not None:
            families.add(family)
        if _SIZE.fullmatch(word):
            sizes.add(word)
        elif word in _TIERS:
            tiers.add(_SAME_TIER.get(word, word))
        # A version may stand after the family or after the tier; two numbers in a row are one: 3-5 is 3.5.
        elif number and families and (not version or open_to_numbers):
            version.append(number)
            open_to_numbers = True
            continue
        open_to_numbers = False
    return _Traits(frozenset(families), _version(version), frozenset(sizes), frozenset(tiers))


def _family(word: str) -> tuple[str | None, str]:
    """The family and the version that a word holds; a date in four digits and a revision such as 001 are no version."""
    match = _TOKEN.fullmatch(word)
    if word in _FAMILIES or word in _SAME_FAMILY or match is None:
        return _known(word), ""
    stem, number, suffix = match["word"], match["number"], match["suffix"]
    family = _known(stem)
    if stem and family is None:
        return None, ""
    if stem == "gpt" and number == "35":
        number = "3.5"
    is_version = len(number.partition(".")[0]) <= 2 and (number[0] != "0" or "." in number)  # noqa: PLR2004  4.1, 35
    return family, f"{number}{suffix}" if is_version and suffix in {"", "o"} else ""


def _known(word: str) -> str | None:
    return word if word in _FAMILIES else _SAME_FAMILY.get(word)


def _version(numbers: list[str]) -> str:
    version = ".".join(numbers)
    while version.endswith(".0"):
        version = version[:-2]
    return version


_HIT = re.compile(r"(?:^|[^a-z])hit(?:[^a-z=]|$)")
_CACHE_STATES = (
    "cf-aig-cache-status",  # Cloudflare's AI gateway
    "cf-cache-status",
    "helicone-cache",
    "x-portkey-cache-status",  # also "SEMANTIC HIT"
    "x-cache",
    "x-cache-status",
    "x-proxy-cache",
    "x-vercel-cache",
    "cache-status",  # RFC 9211
)
_CACHE_KEY = "x-litellm-cache-key"  # sent with a hit only
_FALLBACKS = ("x-litellm-attempted-fallbacks", "cf-aig-step")  # a count; the number of the step, the first is 0
_NAMING = ("x-litellm-model-group", "ngrok-aig-model")
_TELLING = frozenset({*_CACHE_STATES, _CACHE_KEY, *_FALLBACKS, *_NAMING})


def _is_cached(headers: Mapping[str, str]) -> bool:
    if headers.get(_CACHE_KEY, "").strip().lower() not in {"", "none", "null"}:
        return True
    return any(_HIT.search(headers[name].lower()[:_LONGEST]) for name in _CACHE_STATES if name in headers)


def _fell_back(headers: Mapping[str, str]) -> bool:
    counts = (headers.get(name, "").strip() for name in _FALLBACKS)
    return any(count.isascii() and count.isdigit() and count.strip("0") != "" for count in counts)
