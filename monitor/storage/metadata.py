"""What all tables share: the catalogue that they stand in, how keys and indexes are named, and the way to a check."""

from sqlalchemy import Column, ForeignKey, Integer, MetaData

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    },
)


def check_key(*, primary: bool = False) -> Column[int]:
    """The column that names a check."""
    return Column("check_id", Integer, ForeignKey("checks.id"), nullable=False, primary_key=primary)
