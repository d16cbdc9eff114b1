"""The settled model: every name resolved, every quantity with its unit, every kind known."""
