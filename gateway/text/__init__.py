"""Pure: GSM-7 and parts, phone numbers, wording."""
