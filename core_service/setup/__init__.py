"""Set-up: tenants, stores, locations, SKUs, tills and credentials; use cases for the AdminService and the command line alike."""
