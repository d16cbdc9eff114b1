"""Values, terms and one decision as formulas."""
