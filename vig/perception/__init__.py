"""Faces, gaze, smiles and voices: pictures and sound in, columns on the grid out."""

import sys
import types

# mediapipe brings its sound half along, whose sounddevice starts a compiler to look for PortAudio
# and leaves files in the temp folder. Nothing of it is used here, so an empty module stands in.
sys.modules.setdefault("sounddevice", types.ModuleType("sounddevice"))
