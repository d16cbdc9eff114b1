"""The meaning, written to be read: every term is judged by its definition, over the whole history."""
