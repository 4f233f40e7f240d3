"""Due work: claimed under a lease and a fence, tried with bounded patience, done once or parked for a person."""
