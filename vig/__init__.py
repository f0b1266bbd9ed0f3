"""Video Interaction Guidance clip review: find, keep and share what already goes well."""

__version__ = "0.1.0"
