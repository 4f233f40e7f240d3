"""From committed changes to what stores and the OMS are told: numbered after commit, read when sent, never buffered."""
