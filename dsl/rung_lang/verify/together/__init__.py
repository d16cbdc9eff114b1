"""R601: two protocols on one patient."""
