"""What a barcode says: knows GTINs, element strings and Digital Links, and no captures or products."""
