"""What runs found, kept small, for whoever looks: the page, the feeds, the metrics."""
