"""What can be proved of a protocol, and the patient who breaks what cannot."""
