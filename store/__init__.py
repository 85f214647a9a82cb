"""The ledger: everything seen and done, written once; knows nothing of HTTP or screens."""
