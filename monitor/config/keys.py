"""A look at a key before it is used: what is allowed but looks like a mistake of copying, or a key at the wrong door.

Says why, and never shows the key; a vendor's public prefix is no secret.
"""

from collections.abc import Iterator

from monitor.config.vendors import vendor_of

_SHORTEST = 20


def doubts_about_key(key: str, host: str) -> Iterator[str]:
    """What is doubtful about an endpoint's key.

    Args:
        key: the key.
        host: where it will be sent, in lower case.

    Yields:
        One sentence per doubt.
    """
    bare = key.strip()
    if bare != key or any(character.isspace() for character in bare):
        yield "the key contains blanks: no vendor's does; it was probably copied with something else"
    if bare.lower().startswith("bearer "):
        yield 'the key begins with "Bearer ", which RelayWatch adds itself: it would be sent twice'
        bare = bare[len("bearer ") :].lstrip()
    if not bare.isascii():
        yield "the key contains characters outside ASCII: probably a typographic quote or an invisible blank"
    if len(bare) < _SHORTEST:
        yield f"the key has fewer than {_SHORTEST} characters: it was probably cut, or is a placeholder"
    yield from _wrong_door(bare, host)


def _wrong_door(key: str, host: str) -> Iterator[str]:
    found = vendor_of(key)
    if found is None:
        return
    vendor, prefix = found
    if not vendor.owns(host):
        yield (
            f'the key begins with "{prefix}" as {vendor.name}\'s own keys do, but it is sent to {host}, '
            f"which is not {vendor.name}'s: it would be refused there, and disclosed"
        )
