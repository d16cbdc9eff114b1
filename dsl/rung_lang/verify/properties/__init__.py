"""R403 and R404: what an author states must never or always hold, and questions."""
