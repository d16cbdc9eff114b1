"""Where words, colours and pictures are made; nothing here decides anything."""
