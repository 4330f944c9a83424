"""Sending loop of a worker: claim, send in batches, record, within the rate of each channel."""
