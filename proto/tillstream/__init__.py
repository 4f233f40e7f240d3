"""The wire between stores, core and order management: generated code of the .proto files beside it, shipped as this package."""
