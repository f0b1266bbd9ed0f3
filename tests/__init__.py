"""Tests, one folder a room; facts in their names."""
