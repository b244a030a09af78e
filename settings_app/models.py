"""What operators decide: the three switches, and the agreements that people accept."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from settings_app.content import refuse_active_content
from settings_app.lookup import Lookup

SWITCHES = ("mnp_auto_wechat_auth", "mnp_wechat_auth", "coerce_mobile")


def on_off(value: bool) -> str:
    return "on" if value else "off"


class LoginSettings(models.Model):
    """The one row of switches. It is read anew by each request, so that a change holds at once on every worker."""

    # Not an AutoField: MySQL and MariaDB allow no check on a column that counts by itself.
    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    mnp_auto_wechat_auth = models.BooleanField(
        _("silent login"),
        default=True,
        help_text=_(
            "Returning users are logged in when they open the mini-program, without a tap. "
            "Off: nobody is looked up, and everybody sees the login button."
        ),
    )
    mnp_wechat_auth = models.BooleanField(
        _("authorised login"),
        default=True,
        help_text=_(
            "The login button works: it registers new users and logs in the others. "
            "Off: nobody new can register; the button is refused."
        ),
    )
    coerce_mobile = models.BooleanField(
        _("mobile number required"),
        default=False,
        help_text=_(
            "On: whoever has no verified mobile number has to bind one before anything else opens, "
            "also with a login that is open now."
        ),
    )

    class Meta:
        verbose_name = _("login switches")
        verbose_name_plural = _("login switches")
        constraints = [models.CheckConstraint(name="login_settings_is_one_row", condition=Q(pk=1))]

    def __str__(self) -> str:
        return str(_("login switches"))

    @classmethod
    def current(cls) -> LoginSettings:
        """The switches now: one SELECT by primary key. A database without the row has the defaults."""
        return SWITCHES_NOW.find() or cls(pk=1)

    def switches(self) -> dict[str, bool]:
        return {name: getattr(self, name) for name in SWITCHES}

    @property
    def closed(self) -> bool:
        """Both login ways are off."""
        return not (self.mnp_auto_wechat_auth or self.mnp_wechat_auth)

    @property
    def warning(self) -> str:
        """Whom these switches lock out; empty if nobody."""
        if self.closed:
            return gettext("Both login ways are off: nobody can log in. Whoever is logged in stays logged in.")
        if not self.mnp_wechat_auth:
            return gettext("Authorised login is off: nobody new can register. Only users who are known are logged in.")
        return ""


SWITCHES_NOW = Lookup(build=lambda: LoginSettings.objects.filter(pk=1))


class SwitchChange(models.Model):
    """One change of the switches, made in the admin or from a shell. Rows are added, never changed."""

    class Source(models.TextChoices):
        ADMIN = "admin", _("admin")
        SHELL = "shell", _("shell")

    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("changed by")
    )
    source = models.CharField(_("changed in"), max_length=10, choices=Source)
    before = models.JSONField(_("switches before"))
    after = models.JSONField(_("switches after"))
    at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("change of the switches")
        verbose_name_plural = _("changes of the switches")
        ordering = ["-at", "-pk"]
        default_permissions = ()

    def __str__(self) -> str:
        return ", ".join(self.lines)

    @property
    def lines(self) -> list[str]:
        """What changed, in no language: `mnp_wechat_auth: on → off`."""
        changed = [name for name in SWITCHES if self.before[name] != self.after[name]]
        return [f"{name}: {on_off(self.before[name])} → {on_off(self.after[name])}" for name in changed]


class Agreement(models.Model):
    """One version of one text. Once published it never changes: consents refer to it."""

    class Type(models.TextChoices):
        SERVICE = "service", _("Service agreement")
        PRIVACY = "privacy", _("Privacy policy")

    type = models.CharField(_("type"), max_length=20, choices=Type)
    version = models.CharField(_("version"), max_length=32)
    title = models.CharField(_("title"), max_length=100)
    content = models.TextField(_("content"), help_text=_("HTML, shown by the mini-program's agreement page."))
    published_at = models.DateTimeField(_("published"), null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ["type", "-published_at"]
        constraints = [models.UniqueConstraint(fields=["type", "version"], name="one_text_per_agreement_version")]

    def __str__(self) -> str:
        return f"{self.get_type_display()} {self.version}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Raises ValidationError for a version that is published already."""
        with transaction.atomic():
            stored = Agreement.objects.select_for_update().filter(pk=self.pk).first()
            if stored and stored.published_at:
                raise ValidationError(_("A published version never changes: write a new one."))
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Raises ValidationError for a version that is published already."""
        if self.published_at:
            raise ValidationError(_("A published version is kept: consents refer to it."))
        return super().delete(*args, **kwargs)

    def clean(self) -> None:
        try:
            refuse_active_content(self.content)
        except ValidationError as error:
            raise ValidationError({"content": error.messages}) from None

    def publish(self) -> None:
        """Raises ValidationError for a version that is published already."""
        if self._state.adding:
            self.save()
        self.published_at = timezone.now()
        drafts = Agreement.objects.filter(pk=self.pk, published_at__isnull=True)
        if not drafts.update(published_at=self.published_at):
            raise ValidationError(_("A published version never changes: write a new one."))

    @classmethod
    def published(cls, agreement_type: str) -> Agreement | None:
        """The version of one type that is in force, with its content."""
        # MariaDB and MySQL would find "Service" too.
        if agreement_type not in cls.Type.values:
            return None
        versions = cls.objects.filter(type=agreement_type, published_at__isnull=False)
        return versions.order_by("-published_at", "-pk").first()

    @classmethod
    def in_force(cls) -> list[Agreement]:
        """The newest published version of each type, without its content."""
        newest: dict[str, Agreement] = {}
        published = cls.objects.filter(published_at__isnull=False).defer("content")
        for agreement in published.order_by("type", "published_at", "pk"):
            newest[agreement.type] = agreement
        return list(newest.values())

    @classmethod
    def versions_in_force(cls) -> dict[str, str]:
        return {agreement.type: agreement.version for agreement in cls.in_force()}
