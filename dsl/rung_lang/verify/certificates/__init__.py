"""The evidence for a report, and its examination by whoever does not believe it."""
