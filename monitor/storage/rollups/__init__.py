"""Roll-ups: made when a stretch is over, made again when what they were made from changes, and their marks."""
