"""The working floor: looks at the outside systems, records, decides, acts, records again."""
