"""Who is told what, and why: pure policy over the domain."""
