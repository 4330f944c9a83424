"""Pure: dialogues as data, and the engine that walks them."""
