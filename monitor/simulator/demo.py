"""The script of the built-in demo: one outage that opens and ends within half a minute, some noise that is none.

Owns finding `demo.toml` in the installed package; what it says is in that file.
"""

from importlib.resources import files

from monitor.simulator.script import parse_script
from monitor.simulator.served import Script


def demo_script() -> Script:
    """The script that `demo` runs, and `simulate` without a script of one's own."""
    return parse_script(
        files("monitor.simulator").joinpath("demo.toml").read_text(encoding="utf-8"), source="demo.toml"
    )
