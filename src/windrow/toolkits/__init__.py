"""Models: one file each, over one way to encode columns, one program that fits, one that counts."""
