"""Pure: kecamatan and kelurahan, their names, aliases and neighbours, and fuzzy lookup of a typed name."""
