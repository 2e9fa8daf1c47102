"""The commands and their options, by subject; each imports what it needs when it runs, so that help is quick."""
