"""The audit: which elements of a model its initialization never wrote, and what else went wrong."""

from __future__ import annotations

from .audit_build import audit
from .findings import Audit, AuditFinding, NotChecked
from .shards import audit_distributed
from .watch_context import watch

__all__ = ["Audit", "AuditFinding", "NotChecked", "audit", "audit_distributed", "watch"]
