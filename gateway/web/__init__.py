"""What is reached over HTTP: the carriers' webhooks, health, the page of the appeals, the handset."""
