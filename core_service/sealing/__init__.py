"""Raw bytes under a key per record: plain bytes in, sealed bytes out; dropping the record's wrapped key forgets them for good."""
