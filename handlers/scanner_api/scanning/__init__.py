"""The rules of the Scanner: knows what a scan, a photo and a product are, and neither HTTP nor SQL."""
