"""The words of this house: plain values that every room shares. Standard library and numpy only."""
