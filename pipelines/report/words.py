"""Words of the pack: what verdicts, comparators and characteristics are called where a director reads them."""

# What each verdict of a gap is called, with a sign that needs no colour; blank is a finding that can't be stated.
VERDICTS = {
    "lower": "lower",
    "higher": "higher",
    "similar": "about the same",
    "cannot_tell": "cannot tell",
    "": "can’t be said",
}
SIGNS = {
    "lower": "▼",
    "higher": "▲",
    "about the same": "=",
    "cannot tell": "?",
    "can’t be said": "–",
}
