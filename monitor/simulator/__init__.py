"""A fake gateway that fails on a script, and sinks that receive what RelayWatch sends."""
