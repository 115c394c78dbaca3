"""Run the command line with `python -m influence`."""

from influence.cli import main

main()
