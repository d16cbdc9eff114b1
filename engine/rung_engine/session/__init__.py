"""The session engine: one patient, incremental, a cost per event that does not grow with the history."""
