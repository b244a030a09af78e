"""What a login costs, beside the ways people usually write one: `python -m benchmarks.login`."""
