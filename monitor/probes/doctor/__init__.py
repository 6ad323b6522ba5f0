"""An endpoint examined step by step, for a person who wants to know where it fails and what to do."""
