"""The windows: they read the store and send commands, and write nothing else."""
