"""Film and sound: the only room that knows PyAV. Untrusted files are decoded in a child process.

::

    video.py  sound.py  proxy.py  clips.py      what the house calls; no PyAV in this process
         \\       |        |       /
              sandbox.py                        starts the child, serves it byte ranges, watches it
                  |   wire.py                   headers in JSON and plain bytes; nothing is unpickled
              child.py + confine.py             a fresh interpreter without key, network or files
                  |
              inside/                           runs in the child only: opening, pictures, sound, MP4

Whatever a film does to its decoder, the house sees one error from ``vig.errors``.
"""
