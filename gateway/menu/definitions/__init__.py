"""Pure: definitions of a pack beside its dialogue: the form of a report, kinds of incident, rules, roles of people."""
