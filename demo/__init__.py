"""The demonstration: a whole chain on one machine, started, fed and told about; nothing in the product imports it."""
