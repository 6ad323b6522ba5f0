"""The installed command in a hurry: rules are judged each second, and patterns of models follow lists within seconds.

Usage: daemon_in_a_hurry.py COMMAND ARGUMENT...
"""

import sys

from monitor.app import catalogues, rules
from monitor.cli.main import main
from monitor.domain import catalogue
from monitor.domain.rules import HOUR_S

rules.EVERY_S = 1.0
rules._REFRESH_S = ((HOUR_S, 1.0), (6 * HOUR_S, 5.0))
catalogues.SETTLE_S = 0.5
catalogue.GRACE_S = catalogue.GRACE_FOR_MOST_S = 3.0
del sys.argv[0]
main()
