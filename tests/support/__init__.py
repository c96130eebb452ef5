"""What tests share: files written by hand, stand-ins, and what is read from outputs."""
