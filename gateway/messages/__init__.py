"""Outbound SMS: the outbox, which is the queue, delivery reports, suppression, state of channels."""
