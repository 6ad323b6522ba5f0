"""From a TOML file to a frozen configuration, or to every problem in it at once."""
