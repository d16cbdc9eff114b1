"""Which stages a history gets to, how it came to an instant, and R301 to R303."""
