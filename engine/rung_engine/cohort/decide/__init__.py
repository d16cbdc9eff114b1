"""The decision as kernels: the same functions as `rung_engine.decision`, over arrays."""
