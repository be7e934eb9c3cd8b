"""What it costs: `python -m benchmarks` measures, prints tables and writes JSON to `benchmarks/results/`."""
