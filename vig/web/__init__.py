"""The gate, sign-in, upload and the routes that carry film to the browser."""
