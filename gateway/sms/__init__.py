"""One inbound SMS, start to finish: what is meant by it, what is done, and what is answered."""
