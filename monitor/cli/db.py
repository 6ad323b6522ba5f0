"""`relaywatch db`: migrations, what the database holds, a copy of it, and forgetting what is too old.

`info` and `backup` read, with the daemon running or not. `prune` writes in small bites beside a running daemon;
`upgrade` needs the database for itself. Heavy imports stand inside the commands, so that `--help` stays quick.
"""

import typer

from monitor.cli import db_backup, db_copy, db_info, db_prune, db_query, db_rebuild, db_upgrade

app = typer.Typer(help="Look after the database.", no_args_is_help=True)
app.command()(db_upgrade.upgrade)
app.command()(db_info.info)
app.command()(db_backup.backup)
app.command()(db_prune.prune)
app.command()(db_rebuild.rebuild)
app.command()(db_copy.copy)
app.command()(db_query.query)
