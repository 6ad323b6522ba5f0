"""The installed command, in which rules over windows are judged each second instead of each minute.

Usage: daemon_in_a_hurry.py COMMAND ARGUMENT...
"""

import sys

from monitor.app import rules
from monitor.cli.main import main
from monitor.domain.rules import HOUR_S

rules.EVERY_S = 1.0
rules._REFRESH_S = ((HOUR_S, 1.0), (6 * HOUR_S, 5.0))
del sys.argv[0]
main()
