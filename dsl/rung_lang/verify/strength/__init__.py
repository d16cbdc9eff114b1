"""What the examples and properties of a protocol hold in place."""
