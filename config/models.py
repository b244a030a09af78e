from __future__ import annotations

from django.db import models


class StaffLoginFailure(models.Model):
    """One wrong password at the admin, kept in the database so that a restart forgives none."""

    name = models.CharField(max_length=150)
    network = models.CharField(max_length=50)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [
            models.Index(fields=["name", "at"], name="staff_failure_name"),
            models.Index(fields=["network", "at"], name="staff_failure_network"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.network}"
