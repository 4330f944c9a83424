"""Pure: checks that every path of a menu leads to an end, and that every screen fits its channel."""
