"""Is the list on offer to be believed: its limits, its past, and what is to leave it."""
