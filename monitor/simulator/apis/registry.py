"""The APIs of the simulated gateway by the path at which they are asked."""

from collections.abc import Mapping
from types import MappingProxyType

from monitor.simulator.apis.anthropic import Messages
from monitor.simulator.apis.contract import Api
from monitor.simulator.apis.embeddings import Embeddings
from monitor.simulator.apis.openai import ChatCompletions
from monitor.simulator.apis.responses import Responses

APIS: Mapping[str, Api] = MappingProxyType(
    {
        "/chat/completions": ChatCompletions(),
        "/messages": Messages(),
        "/responses": Responses(),
        "/embeddings": Embeddings(),
    }
)
"""By the path below the base URL."""
