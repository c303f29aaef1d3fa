"""What each command does once its arguments are parsed; printing is left to the command line."""
