"""Objects: their attributes, versions, parts and lists; it asks moto nothing itself."""
