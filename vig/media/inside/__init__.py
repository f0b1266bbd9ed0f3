"""What runs in the decoder child only. Nothing here may be imported in the house's own process."""
