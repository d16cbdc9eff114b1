"""The `rung` command: files, terminal and exit codes. The only part of the language that touches them."""
