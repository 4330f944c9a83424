"""Built-in carrier of a demo: simulated phones, a messaging API, delivery reports, injected faults."""
