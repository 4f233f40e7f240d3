"""The commands of `edge-agent`: a person's words in, one sentence or JSON out; each module is loaded only when its command is called."""
