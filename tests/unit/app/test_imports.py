"""What a daemon keeps in memory from its start: nothing that only some of its users need."""

import subprocess
import sys

RARELY = (
    "alembic",  # a migration
    "jinja2",  # the page
    "monitor.config.difference",  # a reload
    "monitor.storage.reports.measures",  # rules over windows
    "monitor.web.view",  # the page
    "prometheus_client",  # a scrape
    "rich",  # a person at a terminal
    "slack_sdk",  # a channel
    "tenacity",  # a message that could not be sent
)


def test_what_a_daemon_may_never_need_is_not_loaded_at_its_start() -> None:
    """The bar is 75 MB; a library costs a megabyte or three."""
    code = (
        "import monitor.logs, monitor.cli.run, sys;"
        f"sys.exit(str([name for name in {RARELY!r} if sys.modules.get(name) is not None]))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert ended.stderr.strip() == "[]"
