"""Tables and columns as users know them, over plans that the current executor runs."""
