"""What arrives other than through agents: raw lands first, is acknowledged after its commit, and is read later."""
