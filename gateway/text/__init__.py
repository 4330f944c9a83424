"""Pure: texts and values that every room shares: GSM-7, phone numbers, tickets, CSV and diagnostics."""
