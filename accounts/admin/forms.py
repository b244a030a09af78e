from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.admin.search import e164
from accounts.models import User

# A number in a reason would be read by everybody who may read the log.
PHONE = re.compile(r"(?:1[3-9](?:[\s-]?\d){9}|\+\d(?:[\s-]?\d){6,14})(?!\d)")


class ReasonForm(forms.Form):
    """Why something is done to an account; asked for before anything is."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Kept in the user's timeline and in the log. No phone numbers."),
    )

    # What the act needs besides the reason.
    added: tuple[str, ...] = ()

    def __init__(self, data: Any = None, *, user: User | None = None) -> None:
        super().__init__(data, label_suffix="")
        self.user = user

    def clean_reason(self) -> str:
        reason: str = self.cleaned_data["reason"]
        if PHONE.search(reason):
            raise ValidationError(_("Leave the phone number out: everybody who reads the log would see it."))
        return " ".join(reason.split())


class CorrectMobileForm(ReasonForm):
    mobile = forms.CharField(
        label=_("right mobile number"),
        max_length=32,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=_("138 0013 8000, or with a country code: +852 5123 4567."),
    )
    field_order = ["mobile", "reason"]
    added = ("mobile",)

    def clean_mobile(self) -> str:
        mobile = e164(self.cleaned_data["mobile"])
        if not mobile:
            raise ValidationError(_("This is not a mobile number."))
        return mobile


class AnonymiseForm(ReasonForm):
    sn = forms.CharField(
        label=_("member number, typed to confirm"), widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    field_order = ["reason", "sn"]

    def clean_sn(self) -> str:
        sn: str = self.cleaned_data["sn"].strip()
        if self.user is None or sn != self.user.sn:
            raise ValidationError(_("This is not the member number of this account."))
        return sn


class ExportForm(ReasonForm):
    full_mobiles = forms.BooleanField(label=_("full mobile numbers"), required=False)
    field_order = ["full_mobiles", "reason"]

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.fields["reason"].help_text = _("Kept in the log. No phone numbers.")
