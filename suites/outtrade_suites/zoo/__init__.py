"""The zoo: broken agents, each a reference agent with one method changed, each caught by the property it was made for.

Every bug in here was found in real trading software; the docstring of each module names it. A property that lets its
animal pass proves nothing. ``ZOO`` lists them (see ``catalogue``); ``outtrade zoo`` prints the kill matrix.
"""

from __future__ import annotations

from outtrade_suites.zoo.catalogue import ZOO

__all__ = ["ZOO"]
