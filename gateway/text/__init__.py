"""Pure: GSM-7 and parts, phone numbers, tickets, wordings, CSV rows, diagnostics."""
