"""What people in the field see: how the agent does, what is wrong with a box, and the unit that starts it."""
