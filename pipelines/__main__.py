"""`python -m pipelines`: the command line, for schedulers whose path does not hold `tsugi`."""

from pipelines.cli import main

main()
