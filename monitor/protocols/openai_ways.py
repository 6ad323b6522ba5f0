"""What the protocols that OpenAI gave the world have in common: how a key is sent, and where the model list is."""

from collections.abc import Mapping

from monitor.protocols.wire import ApiRequest


class OpenAiWays:
    """A bearer token, and a list below the base URL."""

    def key_headers(self, key: str) -> Mapping[str, str]:
        """A bearer token."""
        return {"Authorization": f"Bearer {key}"}

    def model_list(self, base_url: str) -> ApiRequest:
        """`GET {base_url}/models`."""
        del base_url
        return ApiRequest("GET", "/models")
