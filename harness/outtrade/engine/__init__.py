"""Running scenarios: one (``run``), many (``many``), smaller (``minimise``), again (``replay``)."""
