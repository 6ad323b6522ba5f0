"""What the gateway refuses before a model says anything (pure).

Owns the order of these checks, which is that of OpenAI's API; how a refusal is worded is in `complaints`.
"""

from collections.abc import Collection

from monitor.simulator import complaints
from monitor.simulator.apis.contract import Api
from monitor.simulator.complaints import Complaint
from monitor.simulator.requests import Asked
from monitor.simulator.served import ServedModel


def refusal_of(
    api: Api, path: str, asked: Asked, parameters: Collection[str], model: ServedModel | None
) -> Complaint | None:
    """Why an answer cannot be given; None when it can.

    Args:
        api: that was asked.
        path: below the base URL.
        asked: the request.
        parameters: the keys of its body.
        model: the model asked for; None where it is not served.
    """
    if asked.model is None:
        return complaints.missing("model")
    if model is None:
        return complaints.unknown_model(asked.model)
    if model.protocols and api.name not in model.protocols:
        return complaints.wrong_protocol(asked.model, path)
    if asked.lacks is not None:
        return complaints.missing(asked.lacks)
    return _refused_parameter(api, asked, parameters, model)


def _refused_parameter(api: Api, asked: Asked, parameters: Collection[str], model: ServedModel) -> Complaint | None:
    if model.refuses_max_tokens and api.name == "openai" and "max_tokens" in parameters:
        return complaints.refused_parameter("max_tokens", "max_completion_tokens")
    if model.refuses_stream_options and "stream_options" in parameters:
        return complaints.refused_parameter("stream_options")
    if asked.limit_name is not None and asked.max_tokens is not None and asked.max_tokens < max(1, model.least_tokens):
        return complaints.too_few(asked.limit_name, max(1, model.least_tokens), asked.max_tokens)
    return None
