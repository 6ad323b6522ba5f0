"""`renamed_from`: who had which name before. Which claims cannot be meant is `claims`."""

from monitor.config.schema import Config
from monitor.domain.renaming import Renaming


def renaming_of(config: Config) -> Renaming:
    """What the configuration says of former names."""
    endpoints = {one.renamed_from: one.name for one in config.endpoints if one.renamed_from is not None}
    models = {
        (endpoint.name, model.renamed_from): model.id
        for endpoint in config.endpoints
        for model in endpoint.models
        if model.renamed_from is not None
    }
    return Renaming(endpoints, models)
