"""Files that are odd in every way that one has thought of, each with the verdict that docs/pictures.md promises."""
