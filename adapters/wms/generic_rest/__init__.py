"""A warehouse system that speaks Tillstream's own documented REST: see README.md in this folder."""
