"""One module a tag, one async function an operation."""
