"""Histories as formulas, and the shortest one that shows what was asked, as a chart."""
