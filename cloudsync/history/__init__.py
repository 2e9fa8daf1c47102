"""What happened, line by line, each bound to the one before, and what it would come to again."""
