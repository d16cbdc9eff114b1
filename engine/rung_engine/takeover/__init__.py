"""A running session goes on in a newer version of its protocol: `docs/reference/takeover.md`."""
