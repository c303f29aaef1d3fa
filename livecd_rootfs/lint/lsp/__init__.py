"""The language server: what an editor shows of a tree."""
