"""The engine for a web page: plain scripts, and the facts that they read."""
