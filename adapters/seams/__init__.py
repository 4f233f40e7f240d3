"""What is injected everywhere: clock, randomness, failpoints, telemetry, retry arithmetic; each with its real and its virtual form."""
