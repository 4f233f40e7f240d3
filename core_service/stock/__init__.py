"""Stock moved by hand or by the OMS, shown and imported: each booking is a movement in the ledger."""
