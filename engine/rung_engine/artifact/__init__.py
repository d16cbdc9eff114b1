"""The artifact: the one contract between the language and every engine."""
