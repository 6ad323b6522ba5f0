"""RelayWatch: a health monitor for LLM APIs and the gateways in front of them."""
