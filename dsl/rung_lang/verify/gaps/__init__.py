"""R206, R305 and R501 to R504: patients for whom nothing is done, and readings that are missing."""
