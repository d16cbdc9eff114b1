"""What a protocol would have done to a cohort, as one page with plots."""
