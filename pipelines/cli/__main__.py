"""`python -m pipelines.cli`, where a machine lets no program run but Python."""

from pipelines.cli import main

main()
