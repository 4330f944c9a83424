"""Pure: areas (kecamatan and kelurahan), their names, and fuzzy matching of typed names."""
