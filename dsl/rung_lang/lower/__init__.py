"""From the settled model to the artifact an engine runs."""
