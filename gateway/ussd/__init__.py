"""One USSD callback, start to finish, and where its dialogue rests in between."""
