"""Keys and sealed objects: what lies on the disk is ciphertext, and this room alone can open it."""
