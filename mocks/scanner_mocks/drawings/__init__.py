"""What a camera may be pointed at: pictures of products, bar codes and QR codes."""
