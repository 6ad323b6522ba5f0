"""The daemon in the test's own loop: starting it may block, running it may not."""

from collections.abc import Iterator

import pytest
from blockbuster import blockbuster_ctx


@pytest.fixture(autouse=True)
def _nothing_blocks_the_loop() -> Iterator[None]:
    """As everywhere, but for the start: nothing is probed or served yet while the database is opened."""
    with blockbuster_ctx(scanned_modules=["monitor"]) as guard:
        for function in guard.functions.values():
            function.can_block_in("monitor/app/house.py", "build")
            function.can_block_in("monitor/app/daemon.py", "__aexit__")
            function.can_block_in("monitor/app/house.py", "close")
        yield
