"""Two pretend outside systems on local ports, for the demo and the tests. Shares no code with the clients."""
