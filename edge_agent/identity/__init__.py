"""Who this box is: its key and certificate, how it got them, and how it keeps them fresh."""
