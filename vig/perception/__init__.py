"""Faces, gaze, smiles and voices: pictures and sound in, columns on the grid out."""
