"""R601 and R603: two protocols on one patient."""
