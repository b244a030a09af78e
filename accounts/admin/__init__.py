from __future__ import annotations

from accounts.admin.staff import StaffAdmin
from accounts.admin.users import UserAdmin

__all__ = ["StaffAdmin", "UserAdmin"]
