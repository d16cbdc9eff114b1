"""Questions and who answers them: bounds, z3, answers of earlier runs, and cvc5 for a second opinion."""
