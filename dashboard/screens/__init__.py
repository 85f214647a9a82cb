"""One screen per question people ask."""
