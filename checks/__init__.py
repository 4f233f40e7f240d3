"""The checks behind `make check`: the tree in, one line per check out; nothing here ships with the product."""
