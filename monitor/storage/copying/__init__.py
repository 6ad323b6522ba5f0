"""A history moved from one database into another, and compared there."""
