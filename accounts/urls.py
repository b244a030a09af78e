from __future__ import annotations

from django.urls import re_path

from accounts import views

app_name = "accounts"
urlpatterns = [
    re_path(r"^login/silentLogin/?$", views.SilentLoginView.as_view(), name="silent_login"),
    re_path(r"^login/authLogin/?$", views.AuthLoginView.as_view(), name="auth_login"),
    re_path(r"^login/updateUser/?$", views.UpdateUserView.as_view(), name="update_user"),
    re_path(r"^login/logout/?$", views.LogoutView.as_view(), name="logout"),
    re_path(r"^user/info/?$", views.UserInfoView.as_view(), name="user_info"),
    re_path(r"^user/bindMobile/?$", views.BindMobileView.as_view(), name="bind_mobile"),
    re_path(r"^user/delete/?$", views.DeleteView.as_view(), name="delete"),
    re_path(r"^upload/image/?$", views.UploadImageView.as_view(), name="upload_image"),
]
