"""Signing in: by a code to the phone, by password, by passkey; with a second factor for staff."""
