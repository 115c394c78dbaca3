"""The parts of `graphs.comparison`: who is compared, net reach, and the rows of each measure."""
