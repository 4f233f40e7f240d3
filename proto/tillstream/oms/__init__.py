"""What order management, administration and operations ask of the core."""
