"""One USSD callback, start to finish: session, step, effect, screen."""
