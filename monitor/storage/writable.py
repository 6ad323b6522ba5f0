"""Text that every database takes. Pure; what is harmless to show is `alerting.plain`."""


def clean(text: str | None) -> str | None:
    """`text` without halves of surrogate pairs and NULs: one such text would be refused, and stop all writing."""
    return None if text is None else writable(text)


def writable(text: str) -> str:
    """As `clean`, where there is a text."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "")
