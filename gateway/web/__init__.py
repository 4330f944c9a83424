"""HTTP: webhooks of carriers, health and metrics, the public page of appeals, the handset page."""
