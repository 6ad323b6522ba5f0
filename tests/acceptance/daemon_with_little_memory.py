"""The installed command with room for few results in memory.

Usage: daemon_with_little_memory.py COMMAND ARGUMENT...
"""

import sys

from monitor import ledger
from monitor.cli.main import main

ledger.WAITING_AT_MOST = 20
del sys.argv[0]
main()
