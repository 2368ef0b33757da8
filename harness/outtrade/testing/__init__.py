"""For tests: the properties of a suite as pytest items (``items``), and a mock venue to test a client on (``venue``).

The pytest plugin (``outtrade.pytest_plugin``) loads these when they are first needed; ``venue`` knows nothing of pytest
and can be used with any test runner.
"""
