"""Which containers and codecs are opened, and how large a film may be."""

from __future__ import annotations

from typing import Final

# Containers of phones and cameras, and those of sound, which are opened only to say that there is
# no picture in them. No playlist (concat, hls, sdp, dash, imf) is among them: those name other
# files, and a plain open would read them.
FORMATS: Final = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,h264,hevc,m4v,dv,"
    "mp3,wav,ogg,flac,aac,amr,amrnb,amrwb"
)

# Codec ids, not decoder names: AV1 is decoded by libdav1d and MP3 by mp3float.
VIDEO_CODECS: Final = frozenset(
    {
        *("h264", "hevc", "vp8", "vp9", "av1", "mjpeg", "mpeg1video", "mpeg2video", "mpeg4"),
        *("h263", "h263p", "h263i", "flv1", "msmpeg4v2", "msmpeg4v3", "prores", "dvvideo"),
    }
)
AUDIO_CODECS: Final = frozenset(
    {
        *("aac", "aac_latm", "mp2", "mp3", "ac3", "eac3", "opus", "vorbis", "flac", "alac"),
        *("amr_nb", "amr_wb", "adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt"),
        *("pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be", "pcm_u8"),
        *("pcm_s8", "pcm_f32le", "pcm_f32be", "pcm_f64le", "pcm_alaw", "pcm_mulaw", "pcm_dvd"),
        *("pcm_bluray",),
    }
)

MAX_PIXELS: Final = 4096 * 2304 * 2
"""4K with room to spare; 8K film would take more memory than the child has."""
MAX_HOURS: Final = 4
MAX_STREAMS: Final = 32
"""A phone writes up to ten tracks (sound twice, metadata)."""


class Refusal(Exception):
    """The film cannot be used; ``why`` is a key of ``sayings.SAYINGS``."""

    def __init__(self, why: str, *figures: int) -> None:
        super().__init__(why)
        self.why = why
        self.figures = figures


class NoFrames(Refusal):
    """From here on no picture can be decoded."""

    def __init__(self) -> None:
        super().__init__("no-frames")
