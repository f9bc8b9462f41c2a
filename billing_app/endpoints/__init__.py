"""HTTP doors: sign-in, downloads, webhooks, first paint, health, headers."""
