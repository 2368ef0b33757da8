"""Faults in force: the plan, its triggers and its ledger. The data model is ``outtrade.model.fault``."""
