"""One stay under one protocol, as a page: what was charted, what was not known, what was said and why."""
