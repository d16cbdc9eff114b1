"""The packet that a committee reads about a new version: its page, the form in it, and its list of files."""
