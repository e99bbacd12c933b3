"""What hall and console share: the look, formats, charts, the brand, security headers, error pages, sign-in pages."""
