"""Pure: dialogues as data, and the step that walks them."""
