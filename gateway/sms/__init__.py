"""One inbound SMS, start to finish: queue, command, reply."""
