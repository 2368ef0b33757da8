"""What each client is asked to do, by client family. Each module holds functions decorated with ``table.case``."""
