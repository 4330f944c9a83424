"""Pure: read and validate the files of a pack, and build a menu from them."""
