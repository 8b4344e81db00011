"""What is installed, found and looked up by name: plugins, and environments of their own."""
