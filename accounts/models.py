"""Accounts, the openids that lead to them, and the record of what was decided about them.

The rules of a row are database constraints; what a person may do is decided by `User.state`, never by a token.
"""

from __future__ import annotations

import secrets
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Case, Q, Subquery, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.fields import ByteCharField
from settings_app.lookup import Lookup
from settings_app.models import LoginSettings


class State(models.TextChoices):
    """Where an account stands; contract §3 says what each may do."""

    NEW = "new", _("New: profile not completed")
    COMPLETE = "complete", _("Complete")
    DISABLED = "disabled", _("Disabled")
    DELETED = "deleted", _("Deleted")


class Standing(models.IntegerChoices):
    """`State` as one column of the database, so that an index finds everybody in it; the number is what is stored."""

    STAFF = 0, _("Staff")
    NEW = 1, _("New: profile not completed")
    COMPLETE = 2, _("Complete")
    NO_MOBILE = 3, _("Complete, without a mobile")
    DISABLED = 4, _("Disabled")
    DELETED = 5, _("Deleted")


# What the database computes for each row; the first that is true counts.
STANDING = Case(
    When(username__isnull=False, then=Value(0)),
    When(deleted_at__isnull=False, then=Value(5)),
    When(is_active=False, then=Value(4)),
    When(profile_completed_at__isnull=True, then=Value(1)),
    When(mobile__isnull=True, then=Value(3)),
    default=Value(2),
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **extra: Any) -> User:
        """A person who logs in to the admin with a user name and a password."""
        user = self.model(username=self.model.normalize_username(username), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(username, password, **{"is_staff": True, "is_superuser": True, **extra})

    def create_member(self, **profile: Any) -> User:
        """A person who came through a mini-program: no user name, no password that could ever match."""
        user = self.model(**profile)
        user.set_unusable_password()
        user.save(using=self._db, force_insert=True)
        return user

    def for_token(self, sn: str) -> User | None:
        """The account and the one switch that its rights depend on, in one SELECT."""
        return USER_OF_TOKEN.find(sn=sn)


def new_sn() -> str:
    """A member number that says nothing about how many members there are: ten digits, the first not zero."""
    return str(secrets.randbelow(9 * 10**9) + 10**9)


class User(AbstractBaseUser, PermissionsMixin):
    """Staff (with a user name) or a member (with openids); never made the one out of the other."""

    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        null=True,
        blank=True,
        validators=[UnicodeUsernameValidator()],
        help_text=_("For staff only; members log in through WeChat."),
    )
    sn = models.CharField(_("member number"), max_length=10, unique=True, default=new_sn, editable=False)
    nickname = models.CharField(_("nickname"), max_length=64, blank=True, db_index=True)
    avatar = models.CharField(_("avatar"), max_length=512, blank=True)
    mobile = models.CharField(
        _("mobile"), max_length=20, unique=True, null=True, blank=True, help_text=_("In E.164, as WeChat proved it.")
    )
    is_active = models.BooleanField(_("enabled"), default=True, help_text=_("A disabled account's tokens are dead."))
    is_staff = models.BooleanField(_("staff"), default=False, help_text=_("May log in to this admin."))
    registered_at = models.DateTimeField(_("registered"), default=timezone.now, editable=False, db_index=True)
    profile_completed_at = models.DateTimeField(_("profile completed"), null=True, blank=True, editable=False)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, editable=False)
    token_version = models.PositiveIntegerField(_("token version"), default=0, editable=False)
    disabled_reason = models.CharField(_("disabled because"), max_length=500, blank=True, editable=False)
    standing = models.GeneratedField(
        verbose_name=_("state"), expression=STANDING, output_field=models.SmallIntegerField(), db_persist=True
    )

    # Annotated by `for_token`, from the switches.
    coerce_mobile: bool | None

    objects: ClassVar[UserManager] = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        permissions = [
            ("view_phone", "Can see full mobile numbers"),
            ("export_users", "Can export users"),
            ("disable_user", "Can disable and enable users"),
            ("revoke_tokens", "Can log users out everywhere"),
            ("reset_profile", "Can reset profiles"),
            ("change_mobile", "Can correct and release mobile numbers"),
            ("anonymise_user", "Can anonymise users"),
        ]
        indexes = [
            models.Index(fields=["standing", "-id"], name="user_by_standing"),
            models.Index(fields=["-last_login", "standing", "id"], name="user_by_last_login"),
        ]
        constraints = [
            models.CheckConstraint(
                name="staff_has_a_username",
                condition=Q(is_staff=False, is_superuser=False) | Q(username__isnull=False),
            ),
            models.CheckConstraint(name="mobile_is_e164", condition=Q(mobile__isnull=True) | Q(mobile__startswith="+")),
            models.CheckConstraint(
                name="completed_profile_has_name_and_avatar",
                condition=Q(profile_completed_at__isnull=True) | (~Q(nickname="") & ~Q(avatar="")),
            ),
            models.CheckConstraint(
                name="deleted_account_is_empty",
                condition=Q(deleted_at__isnull=True)
                | Q(nickname="", avatar="", mobile__isnull=True, is_active=False, profile_completed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return self.username or self.nickname or self.sn

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def state(self) -> State:
        if self.deleted_at:
            return State.DELETED
        if not self.is_active:
            return State.DISABLED
        return State.COMPLETE if self.profile_completed_at else State.NEW

    @property
    def is_new_user(self) -> bool:
        """False only for a returning user whose profile is complete: the one signal that the client branches on."""
        return self.state is not State.COMPLETE


def user_of_token(sn: str) -> models.QuerySet[User]:
    switch = LoginSettings.objects.filter(pk=1).values("coerce_mobile")
    return User.objects.annotate(coerce_mobile=Subquery(switch)).filter(sn=sn)  # type: ignore[no-redef]


USER_OF_TOKEN = Lookup("sn", build=user_of_token)


class Staff(User):
    """The same table seen from the other side: those who log in to the admin."""

    class Meta:
        proxy = True
        verbose_name = _("staff account")
        verbose_name_plural = _("staff accounts")


class WechatUnionid(models.Model):
    """One person at one Open Platform account: the primary key makes one unionid lead to one account."""

    unionid = ByteCharField(_("unionid"), max_length=128, primary_key=True)
    user = models.ForeignKey(User, models.CASCADE, related_name="unionids", verbose_name=_("user"))

    class Meta:
        verbose_name = _("unionid")
        verbose_name_plural = _("unionids")

    def __str__(self) -> str:
        return str(self.unionid)


class WechatOpenid(models.Model):
    """One person at one mini-program. The unionid is NULL until WeChat sends one."""

    user = models.ForeignKey(User, models.CASCADE, related_name="openids", verbose_name=_("user"))
    appid = ByteCharField(_("AppID"), max_length=64)
    openid = ByteCharField(_("openid"), max_length=128)
    union = models.ForeignKey(
        WechatUnionid, models.SET_NULL, null=True, blank=True, db_column="unionid", verbose_name=_("unionid")
    )
    created_at = models.DateTimeField(_("first seen"), auto_now_add=True)

    class Meta:
        verbose_name = _("openid")
        verbose_name_plural = _("openids")
        constraints = [models.UniqueConstraint(fields=["appid", "openid"], name="one_account_per_appid_and_openid")]
        indexes = [
            models.Index(fields=["openid"], name="openid_in_any_app"),
            models.Index(fields=["appid", "-user"], name="users_of_an_app"),
        ]

    def __str__(self) -> str:
        return str(self.openid)


class Consent(models.Model):
    """What a person agreed to when registering. A published agreement never changes, so a version names its text."""

    user = models.ForeignKey(User, models.CASCADE, related_name="consents", verbose_name=_("user"))
    agreements = models.JSONField(_("agreement versions"), help_text=_("Type and version in force at that moment."))
    agreed = models.BooleanField(_("agreed, as sent"), null=True, help_text=_("Empty if the client sent nothing."))
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("device"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("time"), auto_now_add=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")

    def __str__(self) -> str:
        return f"{self.user_id} {self.created_at:%Y-%m-%d}"


class AvatarUpload(models.Model):
    """A stored picture and who may use it; pictures that nobody shows are purged."""

    user = models.ForeignKey(User, models.CASCADE, related_name="avatar_uploads", verbose_name=_("user"))
    name = models.CharField(_("file"), max_length=128, unique=True)
    created_at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("avatar upload")
        verbose_name_plural = _("avatar uploads")

    def __str__(self) -> str:
        return self.name


class LoginEvent(models.Model):
    """One login decision, with its reason and the switches at that moment. Rows are added, never changed.

    What staff did is here as well: by whom (the name, which outlives the account) and why (`note`).
    """

    class Kind(models.TextChoices):
        SILENT_LOGIN = "silent_login", _("Silent login")
        REGISTERED = "registered", _("Registered")
        AUTHORIZED_LOGIN = "authorized_login", _("Authorised login")
        COMPLETED = "completed", _("Profile completed")
        PROFILE_CHANGED = "profile_changed", _("Profile changed")
        MOBILE_BOUND = "mobile_bound", _("Mobile bound")
        REFUSED = "refused", _("Refused")
        LOGOUT = "logout", _("Logged out")
        REVOKED = "revoked", _("All tokens revoked")
        DELETED = "deleted", _("Account deleted")
        UNIONID_ATTACHED = "unionid_attached", _("Unionid attached")
        UNIONID_CONFLICT = "unionid_conflict", _("Unionid belongs to another account")
        DISABLED = "disabled", _("Disabled by staff")
        ENABLED = "enabled", _("Enabled by staff")
        PROFILE_RESET = "profile_reset", _("Profile reset by staff")
        MOBILE_RELEASED = "mobile_released", _("Mobile released by staff")
        MOBILE_CORRECTED = "mobile_corrected", _("Mobile corrected by staff")
        PHONE_VIEWED = "phone_viewed", _("Full mobile number looked at")
        EXPORTED = "exported", _("Users exported")

    user = models.ForeignKey(User, models.CASCADE, related_name="events", null=True, verbose_name=_("user"))
    kind = models.CharField(_("event"), max_length=20, choices=Kind)
    flow = models.CharField(_("during"), max_length=20, blank=True)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    errcode = models.IntegerField(_("WeChat errcode"), null=True)
    by = models.CharField(_("by staff"), max_length=150, blank=True)
    note = models.CharField(_("why"), max_length=500, blank=True)
    app = models.CharField(_("mini-program"), max_length=64, blank=True)
    switches = models.JSONField(_("switches at that time"))
    request_id = models.CharField(_("request id"), max_length=64, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    user_agent = models.CharField(_("device"), max_length=255, blank=True)
    created_at = models.DateTimeField(_("time"), auto_now_add=True, db_index=True)

    class Meta:
        verbose_name = _("login event")
        verbose_name_plural = _("login events")
        indexes = [models.Index(fields=["user", "-created_at"], name="event_timeline")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.created_at:%Y-%m-%d %H:%M}"


class DailyCount(models.Model):
    """How often something happened on one day of TIME_ZONE; `accounts.statistics` writes and names it."""

    day = models.DateField(_("day"))
    name = models.CharField(_("what"), max_length=80)
    count = models.PositiveBigIntegerField(_("count"), default=0)
    counted_at = models.DateTimeField(_("counted"), auto_now=True)

    class Meta:
        verbose_name = _("daily count")
        verbose_name_plural = _("daily counts")
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["day", "name"], name="one_count_per_day_and_name")]

    def __str__(self) -> str:
        return f"{self.day} {self.name} {self.count}"
