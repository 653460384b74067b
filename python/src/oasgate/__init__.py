"""Recorded HTTP exchanges in Arrow, checked against an OpenAPI document.

The work is done by the program ``oasgate``, which this package carries. A batch of rows goes in as an Arrow
stream, a :class:`State` comes out; states of parts merge to exactly the state of the whole.
"""

from oasgate._check import Spec, batches
from oasgate._program import OasgateError, find_program
from oasgate._state import Report, State, merge, report

__all__ = ["OasgateError", "Report", "Spec", "State", "batches", "find_program", "merge", "report"]
