"""Pure: kecamatan and kelurahan, what they are called, and which of them a typed name means."""
