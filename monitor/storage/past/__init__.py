"""Questions about single results and incidents of the past, for commands and for the web."""
