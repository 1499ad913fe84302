"""Pictures in the browser: mounting, and what comes back."""
