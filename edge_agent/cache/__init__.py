"""The cache: what the core said in, answers without the network out, each with its age."""
