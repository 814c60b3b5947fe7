"""One run of checks by Schemathesis, from its options to its report; it renders nothing."""
