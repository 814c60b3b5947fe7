"""An OpenAPI contract bound to plain handler functions, served over HTTP."""
