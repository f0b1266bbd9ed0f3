"""Film and sound: the only room that knows PyAV. Untrusted files are decoded in a child process."""
