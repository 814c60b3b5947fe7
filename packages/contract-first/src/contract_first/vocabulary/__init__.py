"""The names of members, parameters and fields, and their meanings; knows no contract and no mock."""
