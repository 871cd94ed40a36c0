"""The contract that every service keeps, HTTP by hand, and what no honest client sends."""
