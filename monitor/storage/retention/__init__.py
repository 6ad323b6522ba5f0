"""Forgetting what is older than it is kept, a bite at a time, and giving the room back."""
