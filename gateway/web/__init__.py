"""What is reached over HTTP: the carriers' webhooks, health, the handset."""
