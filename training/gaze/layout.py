"""What the net is given, in numbers: shared by the tool's side and by training, which needs no tool."""

import numpy as np

STRIP = (48, 96)  # height and width in pixels of the strip that the net sees

KNOWN = 19
# What it is told beside the strip, in the axes of the head set upright: the head's turn (9, by
# rows), the gaze by blendshapes (3) and by irises (3), presence, how far the eyes are shut, the log
# of the pixels between the outer corners of the eyes over 40, and 1 where the readings were made.

MIRROR = np.array([1, -1, -1, -1, 1, 1, -1, 1, 1] + [-1, 1, 1] * 2 + [1] * 4, np.float32)
# The signs of all that in the mirror image: a turn R becomes MRM with M = diag(-1, 1, 1).
