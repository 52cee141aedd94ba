"""The conversation: what was said (invocation), what it means (grammar), what is answered (report)."""
