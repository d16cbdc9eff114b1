"""From a folder of charted data to events: mappings, the tidy reader and a made-up cohort.

Import the modules themselves; this package loads nothing, so that a mapping can be checked without polars.
"""
