"""Pure: areas of every level, their names, aliases and neighbours, and fuzzy lookup of a typed name."""
