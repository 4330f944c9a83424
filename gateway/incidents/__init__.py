"""Reports of residents: the incident, its ticket and lifecycle, drafts, access of the reporter."""
