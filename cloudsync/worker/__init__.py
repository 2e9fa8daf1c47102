"""What runs by itself: one pass after another, each alone, each pinged, each ended in order."""
