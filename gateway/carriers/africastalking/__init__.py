"""Africa's Talking: callbacks and messaging API."""
