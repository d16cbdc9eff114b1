"""R201 to R205 and R207: rules on one instant."""
