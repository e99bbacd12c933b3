"""What a person does that spans contexts."""
