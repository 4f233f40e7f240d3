"""What a process tells about itself: counts and log lines in, Prometheus text and JSON lines out; no personal data, no secrets, for both processes."""
