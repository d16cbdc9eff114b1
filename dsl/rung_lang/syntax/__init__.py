"""Text to tree, and tree to canonical text."""
