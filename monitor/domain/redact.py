"""Text from upstream made fit to be stored and sent: no secret in it, nothing invisible, nothing that acts.

Owns what a secret looks like in a text. What must be escaped for one certain place (HTML, Slack, a terminal, CSV) is
the business of that place; here only that is removed which is harmful everywhere.

The guarantee: no six characters in a row of a known secret are in the answer of `Redactor.clean`, in whatever case,
and whatever stood between or beside them.
"""

import base64
import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import quote

FRAGMENT = 6
"""So many characters in a row of a secret are already too many."""

_STRIDE = 4  # a fragment of 6 holds a triple that begins at a multiple of 4
_TRIPLE = 3
_WINDOW = 4  # so many times the limit is looked at; more than that has never been a message
_WINDOW_AT_LEAST = 1024
_TAIL = 512  # a window's last run may be half a secret; so much of it is thrown away
_MASKS = "*#=~+^%|"

# What isprintable() lets pass though nobody sees it, and look-alikes for what acts in HTML and in Slack.
_UNSEEN = (0x34F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2800, 0x3164, 0xFFA0)
_TABLE: dict[int, str | None] = dict.fromkeys((*_UNSEEN, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)))
_TABLE |= {
    ord("<"): "\u2039",
    ord(">"): "\u203a",
    0x130: "I",
}  # a dotted capital I becomes two characters in lower case

_MENTION = re.compile(r"@(?=channel|here|everyone|subteam)", re.IGNORECASE)
_MASK_RUN = re.compile(r"[*•·.\[\]()#~]{2,}")
_WORD = re.compile(r"[\w-]*")
_ECHO_REACH = 64
_PREFIXES = (
    r"(?:sk|pk|rk|gsk|xai|hf|pplx|nvapi|tgp|r8|ghp|gho|ghs|glpat|github_pat|fw|csk|dapi|whsec|xapp|xox[a-z])[-_]"
)
_KEY_HEAD = re.compile(rf"(?:{_PREFIXES}|AIza|AKIA|eyJ)", re.IGNORECASE)
_HINT = re.compile(
    r"[-_](?=[\w+/.=-]{4})|AIza|AKIA|ya29|eyJ|Bearer|Basic|key|token|secret|passw|credential|authori|hash|sig|://|"
    r"hooks|webhooks|telegram",
    re.IGNORECASE,
)
_PLAIN_WORD = (
    r"(?:tokens?|auth\w*|schemes?|headers?|formats?|keys?|credentials?|prefix|realm|error|is|was|and|or|not)\b"
)
_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<![A-Za-z0-9]){_PREFIXES}[\w+/=.-]{{4,}}",
        r"(?<![A-Za-z0-9])(?:AIza[\w-]{10,}|AKIA[A-Z0-9]{12,}|ya29\.[\w-]{10,}|eyJ[\w-]{8,}(?:\.[\w-]*)*)",
        rf"\b((?:Bearer|Basic)\s+)(?!{_PLAIN_WORD})[^\s\"',;]{{4,}}",
        r"((?:hooks\.slack(?:-gov)?\.com|discord(?:app)?\.com/api/webhooks|api\.telegram\.org)/)[^\s\"']+",
        r"(://)[^\s/@]{1,512}(?=[@\uff20])",
        r"([?&;](?:[\w.-]{0,40}(?:key|token|secret|sig|signature|passw|password|auth|code|credential))=)[^&\s\"'#]+",
        (
            r"(\b(?:\w{0,16}[_-])?(?:api)?(?:key|token|secret|passwd|password|credential|authorization|hash)s?\b"
            r".{0,24}?(?<![\w+/]))"
            r"(?:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{24,}|"
            r"(?=[A-Za-z+/_]{0,512}\d)(?=[\d+/_]{0,512}[A-Za-z])[\w+/]{24,}={0,2})"
        ),
    )
)


class Redactor:
    """Cleans texts, knowing the secrets of this run.

    Args:
        secrets: every secret in plain; empty ones are ignored.
    """

    __slots__ = ("_ends", "_grams", "_mask", "_short", "_triples")

    def __init__(self, secrets: Iterable[str]) -> None:
        plain = {form for secret in secrets for form in (secret, _visible(secret)) if form.strip()}
        encoded = {form for secret in plain if len(secret) >= FRAGMENT for form in _encodings(secret)}
        forms = {_lower(form) for form in plain | encoded}
        self._ends = tuple(sorted(_lower(secret) for secret in plain))
        self._grams = frozenset(gram for form in forms for gram in _grams(form, FRAGMENT))
        self._triples = frozenset(triple for gram in self._grams for triple in _grams(gram, _TRIPLE))
        self._short = tuple(sorted((form for form in forms if len(form) < FRAGMENT), key=len, reverse=True))
        used = "".join(forms)
        self._mask = next((mark for mark in _MASKS if mark not in used), "\N{FULL BLOCK}") * 3

    def __repr__(self) -> str:
        return f"Redactor({len(self._ends)} secrets)"

    def clean(self, text: str, limit: int = 200) -> str:
        """One visible line of at most `limit` characters without a secret in it.

        Never raises. Only the beginning of a very long text is looked at.
        """
        window = max(_WINDOW_AT_LEAST, _WINDOW * limit)
        line = _visible(text[:window])
        if len(text) > window:
            line = _without_last_run(line)
        line = self._without_secrets(line)
        return line if len(line) <= limit else line[: max(0, limit - 1)] + "…"[:limit]

    def is_harmless(self, text: str) -> bool:
        """Whether nothing in `text`, a word of plain ASCII, looks like a secret or a part of one."""
        return text.isascii() and self._without_secrets(text) == text

    def _without_secrets(self, line: str) -> str:
        """Echoes first, because they take the tail along; known fragments last, because they are the guarantee."""
        line = self._without_echoes(line)
        if _HINT.search(line):
            for pattern in _PATTERNS:
                line = pattern.sub(self._masked, line)
        return self._without_short(self._without_fragments(line))

    def _masked(self, match: re.Match[str]) -> str:
        kept = match[1] if match.re.groups else ""
        return f"{kept}{self._mask}"

    def _without_echoes(self, line: str) -> str:
        """Masks what a server echoes of a key: `sk-proj-****abcd`, `sk-a...wxyz`."""
        parts: list[str] = []
        done = 0
        for run in _MASK_RUN.finditer(line):
            begin = _word_start(line, max(done, run.start() - _ECHO_REACH), run.start())
            end = _word_end(line, run.end())
            if self._is_echo(line[begin : run.start()], run[0], line[run.end() : end]):
                parts += (line[done:begin], self._mask)
                done = end
        return "".join((*parts, line[done:])) if parts else line

    def _is_echo(self, head: str, run: str, tail: str) -> bool:
        if not head and not tail:
            return False
        if "***" in run or "•••" in run or _KEY_HEAD.match(head):
            return True
        begins, ends = _lower(head), _lower(tail)
        return any(
            (len(head) > 1 and secret.startswith(begins)) or (len(tail) > 1 and secret.endswith(ends))
            for secret in self._ends
        )

    def _without_fragments(self, line: str) -> str:
        low = _lower(line)
        triples = self._triples
        hits = [i for i in range(0, len(low) - 2, _STRIDE) if low[i : i + _TRIPLE] in triples]
        spans: list[list[int]] = []
        for start in _around(hits):
            if low[start : start + FRAGMENT] not in self._grams:
                continue
            if spans and start <= spans[-1][1]:
                spans[-1][1] = start + FRAGMENT
            else:
                spans.append([start, start + FRAGMENT])
        return self._mask_spans(line, spans)

    def _mask_spans(self, line: str, spans: list[list[int]]) -> str:
        parts: list[str] = []
        done = 0
        for start, end in spans:
            parts += (line[done:start], self._mask)
            done = end
        return "".join((*parts, line[done:])) if parts else line

    def _without_short(self, line: str) -> str:
        """Secrets too short to have a fragment are masked where they stand whole."""
        for secret in self._short:
            line = re.sub(re.escape(secret), lambda _: self._mask, line, flags=re.IGNORECASE)
        return line


def _visible(text: str) -> str:
    """One line of visible characters that act nowhere, compatibility forms folded into plain ones."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.split())
    if not text.isprintable():
        text = "".join(character for character in text if character.isprintable())
    text = " ".join(text.translate(_TABLE).split())
    return _MENTION.sub("\uff20", text) if "@" in text else text


def _lower(text: str) -> str:
    """Lower case, character by character, so that positions stay what they were."""
    return text.lower() if text.isascii() else "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


def _grams(form: str, size: int) -> Iterator[str]:
    return (form[i : i + size] for i in range(len(form) - size + 1))


def _around(hits: Iterable[int]) -> Iterator[int]:
    """Where a fragment may begin that holds the triple at a hit; ascending, each place once."""
    last = -1
    for hit in hits:
        for start in range(max(last + 1, hit - _STRIDE + 1), hit + 1):
            last = start
            yield start


def _word_start(line: str, lowest: int, end: int) -> int:
    while end > lowest and (line[end - 1].isalnum() or line[end - 1] in "-_"):
        end -= 1
    return end


def _word_end(line: str, start: int) -> int:
    found = _WORD.match(line, start, start + _ECHO_REACH)
    return found.end() if found else start


def _without_last_run(line: str) -> str:
    space = line.rfind(" ")
    return line[: max(space, len(line) - _TAIL, 0)]


def _encodings(secret: str) -> Iterator[str]:
    """The forms in which a whole secret travels: percent-encoded, base64 at each offset, hexadecimal."""
    raw = secret.encode("utf-8", "surrogatepass")
    yield quote(raw, safe="")
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield raw.hex()
    for offset, skipped in enumerate((0, 2, 3)):  # the first characters depend on what stands before the secret
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(b"\0" * offset + raw).decode("ascii").rstrip("=")[skipped:]
