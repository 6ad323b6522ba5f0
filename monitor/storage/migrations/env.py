"""How Alembic runs here: on the connection of who asks, in its transaction."""

from alembic import context

from monitor.storage import fact_tables, rollup_tables, tables
from monitor.storage.metadata import metadata

# Each brings its tables into `metadata`.
__all__ = ["fact_tables", "rollup_tables", "tables"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
    render_as_batch=True,
)
context.run_migrations()
