"""Several protocols on one patient: what stands, and what is yielded. LANGUAGE section 10."""
