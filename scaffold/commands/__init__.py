"""The commands as the line has them: options in, text or JSON out."""
