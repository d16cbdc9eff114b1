"""R401 and R402: doses, maxima, and what a drug needs."""
