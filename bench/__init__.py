"""What this machine does with Tillstream: figures against the same machine's own limits, in one run; `make bench`."""
