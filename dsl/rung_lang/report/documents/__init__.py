"""Pages about protocols: what a ward prints, what a reviewer traces, what the sources got wrong."""
