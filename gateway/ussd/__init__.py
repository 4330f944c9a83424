"""USSD callbacks, start to finish: session, step, effect, screen."""
