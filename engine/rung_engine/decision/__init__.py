"""From truth values and the chart to a decision. Both engines end here; neither parses or stores anything."""
