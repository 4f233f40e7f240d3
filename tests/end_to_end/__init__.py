"""Stories told with real processes: a core, an agent, a warehouse, a line that can be cut; one file a story."""
