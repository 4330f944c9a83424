"""Pure: kecamatan and kelurahan."""
