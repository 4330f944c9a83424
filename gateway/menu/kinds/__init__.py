"""Pure: kinds of state, one module each, and the table of all."""
