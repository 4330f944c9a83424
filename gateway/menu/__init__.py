"""Pure: dialogues as data, and the engine that runs them."""
