"""R304: what goes round for a patient who stays as he is."""
