"""Who has signed an artifact, and whether that is enough: statements, signatures, policy, status.

Works on bytes alone: no file, no clock, no private key. `check` says where an artifact stands, and `load`
gives only what is approved. Not asked here: what the protocol means, and whether it is proved
(`rung_engine.artifact`).
"""

from __future__ import annotations

from rung_engine.approval.problems import ApprovalProblem
from rung_engine.approval.status import Status, check, load

__all__ = ["ApprovalProblem", "Status", "check", "load"]
