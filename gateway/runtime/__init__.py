"""The machinery: stores, logs, metrics, the clock."""
