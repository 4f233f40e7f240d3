"""The story of an entry: verified, read, checked, compared with what is known, booked, reserved and routed in one transaction."""
