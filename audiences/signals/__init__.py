"""What this app does when apps below it say that something happened."""
