"""The gRPC services: messages of the wire in and out; one choke-point decides who may call."""
