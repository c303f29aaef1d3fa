"""What a hook reads and writes, found in its text: nothing is run."""
