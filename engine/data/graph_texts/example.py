"""A small graph to begin with, as a reader could type it."""

EXAMPLE = "Ada, Bob\nBob, Cem\nCem, Ada\nCem, Dora\nDora, Eli\nEli, Fay\nFay, Dora\nAda: chess\nFay: music"
