"""Orders after they are placed and beside the tills: asked for by the OMS, moved by warehouses, cancelled, explained."""
