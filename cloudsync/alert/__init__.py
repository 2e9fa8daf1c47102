"""Who hears of what is the matter: messages, an outbox, and the channels they leave by."""
