from __future__ import annotations

from accounts.admin.roles import RoleAdmin
from accounts.admin.staff import StaffAdmin
from accounts.admin.users import UserAdmin

__all__ = ["RoleAdmin", "StaffAdmin", "UserAdmin"]
