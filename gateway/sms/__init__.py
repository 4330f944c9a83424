"""Inbound SMS, start to finish: queue, command, reply."""
