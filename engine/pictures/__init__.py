"""Arrays to pictures. Never imports torch."""
