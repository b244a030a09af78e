"""What the endpoints take and give. Unknown fields are ignored: nothing here names an openid or a mobile to set."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.avatar import absolute
from accounts.images import LARGEST_FILE
from accounts.mobile import displayed
from accounts.models import User
from accounts.steps import Step

PRINTING = r"^[!-~]+\Z"


class TextField(serializers.CharField):
    """Text as text: a number or a boolean is not turned into one, and nothing is trimmed."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class NicknameField(TextField):
    """Any text at all: what a nickname may be is judged in one place and refused in one way."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, default="", **kwargs)
        self.validators = []


class CodeField(serializers.RegexField):
    """A code that WeChat gave to the client; passed on to WeChat and kept nowhere."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(PRINTING, max_length=256, trim_whitespace=False, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class CodeSerializer(serializers.Serializer[Any]):
    code = CodeField(help_text=_("From wx.login."))


class PhoneCodeSerializer(serializers.Serializer[Any]):
    code = CodeField(help_text=_("From the getPhoneNumber button."))


class AuthLoginSerializer(CodeSerializer):
    nickname = NicknameField()
    headimgurl = TextField(required=False, allow_blank=True, max_length=2000, default="")
    agreed = serializers.BooleanField(required=False, allow_null=True, default=None)
    mobile_code = CodeField(required=False, allow_blank=True, default="")


class UpdateUserSerializer(serializers.Serializer[Any]):
    nickname = NicknameField()
    avatar = TextField(required=False, allow_blank=True, max_length=2000, default="")
    mobile_code = CodeField(required=False, allow_blank=True, default="")


class DeleteSerializer(serializers.Serializer[Any]):
    confirm = serializers.BooleanField()

    def validate_confirm(self, confirm: bool) -> bool:
        if not confirm:
            raise serializers.ValidationError(_("Deleting the account has to be confirmed."))
        return confirm


class UploadSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(help_text=_("JPEG, PNG or WebP, at most 5 MB and 4096 pixels a side."))

    def validate_file(self, file: Any) -> Any:
        if file.size > LARGEST_FILE:
            raise serializers.ValidationError(_("The picture is larger than 5 MB."))
        return file


class LoginAnswerSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(allow_blank=True)
    is_new_user = serializers.BooleanField()
    mobile = serializers.CharField(allow_blank=True)
    next_step = serializers.ChoiceField([step.value for step in Step if step], allow_blank=True)


class EmptySerializer(serializers.Serializer[Any]):
    pass


class UploadAnswerSerializer(serializers.Serializer[Any]):
    url = serializers.URLField()
    uri = serializers.CharField()


class ProfileSerializer(serializers.ModelSerializer[User]):
    avatar = serializers.SerializerMethodField()
    mobile = serializers.SerializerMethodField()
    is_new_user = serializers.BooleanField()

    class Meta:
        model = User
        fields = ["sn", "nickname", "avatar", "mobile", "is_new_user", "registered_at"]

    def get_avatar(self, user: User) -> str:
        return absolute(user.avatar, self.context["base"])

    def get_mobile(self, user: User) -> str:
        return displayed(user.mobile)
