"""Pure arithmetic the flows decide with."""
