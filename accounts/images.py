"""Uploaded pictures are decoded and written anew: what is stored was made here, not by the client."""

from __future__ import annotations

import io
import secrets
import warnings
from typing import IO

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image, ImageOps

from accounts.errors import PictureRejected
from accounts.limits import count_picture, count_upload
from accounts.models import AvatarUpload, User

FORMATS = ("JPEG", "PNG", "WEBP")
LARGEST_FILE = 5 * 1024 * 1024
LARGEST_SIDE = 4096
# WeChat itself shows avatars at 640 at most.
STORED_SIDE = 640
QUALITY = 85
FOLDER = "avatars"


def store_avatar(file: IO[bytes], user: User) -> str:
    """Verify, re-encode and store a picture; returns its name in the storage. Raises `PictureRejected`, `Throttled`."""
    count_picture(user.pk)
    picture = reencoded(file)
    count_upload(user.pk)
    # The row first: `purge_avatars` finds by it what a process that died half way left behind.
    upload = AvatarUpload.objects.create(user=user, name=f"{FOLDER}/{secrets.token_hex(16)}.jpg")
    try:
        default_storage.save(upload.name, ContentFile(picture))
    except OSError:
        # A full disk leaves the beginning of the picture.
        default_storage.delete(upload.name)
        upload.delete()
        raise
    return upload.name


def reencoded(file: IO[bytes]) -> bytes:
    """A JPEG without metadata, at most `STORED_SIDE` wide and high, upright."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return jpeg(file)
    except (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        # Pillow tells of broken files in all of these ways.
        raise PictureRejected from None


def jpeg(file: IO[bytes]) -> bytes:
    with Image.open(file, formats=FORMATS) as image:
        if max(image.size) > LARGEST_SIDE:
            raise PictureRejected
        image.draft("RGB", (STORED_SIDE, STORED_SIDE))
        image.load()
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((STORED_SIDE, STORED_SIDE))
        written = io.BytesIO()
        on_white(upright).save(written, "JPEG", quality=QUALITY, optimize=True)
        return written.getvalue()


def on_white(image: Image.Image) -> Image.Image:
    """JPEG knows no transparency."""
    picture = image.convert("RGBA")
    white = Image.new("RGB", picture.size, "white")
    white.paste(picture, mask=picture.getchannel("A"))
    return white
