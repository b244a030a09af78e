from __future__ import annotations

from typing import Any

from rest_framework import serializers

from settings_app.models import Agreement


class AgreementSummarySerializer(serializers.ModelSerializer[Agreement]):
    url = serializers.URLField(help_text="Where the text is: `GET agreements/<type>`.")

    class Meta:
        model = Agreement
        fields = ["type", "title", "version", "url"]


class ClientConfigSerializer(serializers.Serializer[dict[str, Any]]):
    """The shape of `client_config`."""

    mnp_auto_wechat_auth = serializers.BooleanField(help_text="Silent login is on.")
    mnp_wechat_auth = serializers.BooleanField(help_text="Authorised login is on.")
    coerce_mobile = serializers.BooleanField(help_text="Accounts without a verified mobile have to bind one.")
    agreements = AgreementSummarySerializer(many=True)
    agreements_version = serializers.CharField(
        help_text="Changes whenever another version of any agreement is in force."
    )


class AgreementSerializer(serializers.ModelSerializer[Agreement]):
    published_at = serializers.DateTimeField()

    class Meta:
        model = Agreement
        fields = ["type", "title", "version", "content", "published_at"]
