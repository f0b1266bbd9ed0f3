"""The only room that joins rooms. Read walk.py first."""
