"""Pure: proofs that a menu can be walked and that every screen fits its channel."""
