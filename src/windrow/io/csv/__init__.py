"""CSV: a sample tells the types, files are cut at row ends, pieces are read fast or tolerantly."""
