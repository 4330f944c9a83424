"""People whom the gateway may write to: directory, roles by area, consents, opt-outs, CSV."""
