"""The wire protocols that endpoints speak: how a question looks, and how an answer is read. Pure."""
