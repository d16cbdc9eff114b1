"""Questions in plain words: which question they are, and what a protocol answers. No guessing."""
