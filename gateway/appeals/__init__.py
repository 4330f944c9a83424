"""Appeals (himbauan): draft, approval, frozen audience, expansion into messages, results."""
