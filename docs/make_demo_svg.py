"""Makes `docs/demo.svg`: a real run of `relaywatch demo`, as a picture of the terminal.

python docs/make_demo_svg.py
"""

import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

COMMAND = "relaywatch demo --for 20s"
WIDTH = 118
STYLES = (
    (r"^\[opened\].*$", "bold red"),
    (r"^\[resolved\].*$", "bold green"),
    (r"^ +(whose fault|reason|what to do|works now|last error|newest answer):", "cyan"),
    (r"https?://\S+", "underline"),
)


def main() -> None:
    """Run the demo and draw what it printed."""
    command = [str(Path(sys.executable).with_name("relaywatch")), *COMMAND.split()[1:]]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    console = Console(record=True, width=WIDTH, file=Path("/dev/null").open("w"))  # noqa: SIM115  until the end
    console.print(Text(f"$ {COMMAND}", style="bold"))
    text = Text(run.stdout)
    for pattern, style in STYLES:
        text.highlight_regex(re.compile(pattern, re.MULTILINE), style)
    console.print(text)
    target = Path(__file__).with_name("demo.svg")
    console.save_svg(str(target), title="RelayWatch")
    print(target)


if __name__ == "__main__":
    main()
