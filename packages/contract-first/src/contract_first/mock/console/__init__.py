"""The page that a front-end developer works from: upload, journal, faults and state of the running mock."""
