"""Protocol `openai`: the model list, and the smallest chat completion.

Owns what is sent. What the answers mean is for the classification.
"""

from secrets import token_hex

import orjson
from multidict import CIMultiDict
from yarl import URL

from monitor import __version__
from monitor.domain.check import Check
from monitor.probes.exchange import Request
from monitor.probes.target import EndpointTarget

_NONCE_BYTES = 4


class OpenAiProtocol:
    """Requests to one endpoint that speaks as the OpenAI API does.

    Model lists are asked for compressed: they reach hundreds of kilobytes, twice a minute. Completions are a few
    hundred bytes, which no compression makes faster.

    Args:
        target: the endpoint; its headers override what the protocol would send.
    """

    def __init__(self, target: EndpointTarget) -> None:
        self._chat_url = URL(f"{target.base_url}/chat/completions")
        self._chat_headers = _headers(target, {"Accept-Encoding": "identity", "Content-Type": "application/json"})
        self._model_list = Request(
            method="GET",
            url=URL(f"{target.base_url}/models"),
            headers=_headers(target, {"Accept-Encoding": "gzip, deflate"}),
        )

    def model_list(self) -> Request:
        """`GET {base_url}/models`."""
        return self._model_list

    def completion(self, check: Check, *, completion_tokens: bool) -> Request:
        """`POST {base_url}/chat/completions` with one short message, different each time.

        A message that never repeats cannot be answered from a cache.
        """
        limit = "max_completion_tokens" if completion_tokens else "max_tokens"
        body = orjson.dumps(
            {
                "model": check.model,
                "messages": [{"role": "user", "content": f"Say OK. ({token_hex(_NONCE_BYTES)})"}],
                limit: check.max_tokens,
            }
        )
        return Request("POST", self._chat_url, self._chat_headers, body)


def _headers(target: EndpointTarget, special: dict[str, str]) -> CIMultiDict[str]:
    headers = CIMultiDict({"Accept": "application/json", "User-Agent": f"relaywatch/{__version__}", **special})
    if target.api_key is not None:
        headers["Authorization"] = f"Bearer {target.api_key.reveal()}"
    for name, value in target.headers.items():
        headers[name] = value.reveal()
    return headers
