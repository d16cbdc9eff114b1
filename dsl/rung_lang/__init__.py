"""The Rung language: text to findings and to a compiled artifact. Executes no patient by itself."""

__version__ = "0.1.0"
