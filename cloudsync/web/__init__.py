"""The page, the feeds and the figures over HTTP, made on the server; what they say is pure."""
