"""What a store's agent and the core say to each other."""
