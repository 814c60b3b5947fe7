"""Documents from files and URLs, with what they refer to brought in; whether they are valid, others say."""
