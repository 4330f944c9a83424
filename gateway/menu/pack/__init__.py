"""Pure: files of a pack, read, validated and built into a menu."""
