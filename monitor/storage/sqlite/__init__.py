"""The engine of one machine: a file, a lock beside it, and what SQL it speaks."""
