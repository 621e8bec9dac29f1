"""Page plumbing: template tags, error pages, security headers, health."""
