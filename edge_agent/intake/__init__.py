"""The tills' doors: bytes of any transport in, receipts after the fsync out; what cannot be understood is told and kept as rejected."""
