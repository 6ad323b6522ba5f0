"""The prefixes by which vendors mark their own keys, and the hosts where such keys belong.

Source: the vendors' documentation and the patterns that public secret scanners use for them.
"""

from dataclasses import dataclass

_SHORTEST_KEY = 20
_TOKEN_PREFIXES = ("sk-", "xoxb-", "xoxp-", "whsec_", "https://hooks.slack.com/")


@dataclass(frozen=True, slots=True)
class Vendor:
    """One vendor of keys.

    Attributes:
        prefixes: what its keys begin with.
        domains: where its keys are used; their subdomains included.
    """

    name: str
    prefixes: tuple[str, ...]
    domains: tuple[str, ...]

    def owns(self, host: str) -> bool:
        """Whether a host belongs to the vendor."""
        return any(host == domain or host.endswith(f".{domain}") for domain in self.domains)


VENDORS = (
    Vendor("Anthropic", ("sk-ant-",), ("anthropic.com",)),
    Vendor("OpenRouter", ("sk-or-",), ("openrouter.ai",)),
    Vendor("OpenAI", ("sk-proj-", "sk-svcacct-", "sk-admin-"), ("openai.com",)),
    Vendor("Groq", ("gsk_",), ("groq.com",)),
    Vendor("Google", ("AIza",), ("googleapis.com",)),
    Vendor("xAI", ("xai-",), ("x.ai",)),
    Vendor("Perplexity", ("pplx-",), ("perplexity.ai",)),
    Vendor("Hugging Face", ("hf_",), ("huggingface.co", "huggingface.cloud")),
    Vendor("NVIDIA", ("nvapi-",), ("nvidia.com",)),
    Vendor("Cerebras", ("csk-",), ("cerebras.ai",)),
    Vendor("Fireworks", ("fw_",), ("fireworks.ai",)),
    Vendor("Replicate", ("r8_",), ("replicate.com",)),
)


def vendor_of(key: str) -> tuple[Vendor, str] | None:
    """The vendor whose prefix a key bears, and the prefix; None for keys that bear none."""
    for vendor in VENDORS:
        for prefix in vendor.prefixes:
            if key.startswith(prefix):
                return vendor, prefix
    return None


def looks_like_key(text: str) -> bool:
    """Whether a text seems to be a key itself, as when it is pasted where its variable's name belongs."""
    marked = vendor_of(text) is not None or text.startswith(_TOKEN_PREFIXES)
    return marked and len(text) >= _SHORTEST_KEY
