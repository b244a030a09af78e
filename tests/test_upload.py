"""What is stored was decoded and drawn here: no byte, name or position of the client's file survives."""

from __future__ import annotations

import errno
import io
import os
import re
import resource
import struct
import time
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from accounts.images import store_avatar
from accounts.models import AvatarUpload
from tests.conftest import Phone

NAME = re.compile(r"avatars/[0-9a-f]{32}\.jpg")
REJECTED = {
    "code": 0,
    "msg": "This picture cannot be used. Please choose another one.",
    "data": {
        "error": "avatar_rejected",
        "fields": {"file": ["This picture cannot be used. Please choose another one."]},
    },
}
SCRIPT = b"<script>alert(document.domain)</script><?php system($_GET['c']); ?>"


def picture(kind: str = "PNG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: Any) -> bytes:
    written = io.BytesIO()
    Image.new(mode, size, options.pop("color", None) or ("red" if mode.startswith("RGB") else 0)).save(
        written, kind, **options
    )
    return written.getvalue()


def png_of_size(width: int, height: int) -> bytes:
    """A valid PNG of that size, one bit a pixel, in a few kilobytes."""
    row = b"\x00" * (1 + (width + 7) // 8)
    packer = zlib.compressobj(9)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def upload(phone: Phone, data: bytes, name: str = "a.png", content_type: str = "image/png") -> dict[str, Any]:
    file = SimpleUploadedFile(name, data, content_type)
    headers = {"token": phone.token, "Accept-Language": "en"}
    return phone.body(phone.client.post("/api/upload/image", {"file": file}, headers=headers))


def stored() -> tuple[bytes, Image.Image]:
    with default_storage.open(AvatarUpload.objects.get().name) as file:
        data = file.read()
    return data, Image.open(io.BytesIO(data))


@pytest.fixture
def phone(alice: Phone, monkeypatch: pytest.MonkeyPatch) -> Phone:
    """Alice, who owes her profile and may upload as often as a test likes."""
    monkeypatch.setattr("accounts.limits.UPLOADS_PER_HOUR", 1000)
    monkeypatch.setattr("accounts.limits.PICTURES_PER_HOUR", 1000)
    return alice.register()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_picture_is_stored_and_can_be_shown_and_used(phone: Phone, kind: str) -> None:
    body = upload(phone, picture(kind), f"me.{kind}", "application/octet-stream")
    upload_row = AvatarUpload.objects.get()
    assert body == {
        "code": 1,
        "msg": "Uploaded",
        "data": {"url": f"http://testserver/media/{upload_row.name}", "uri": f"/media/{upload_row.name}"},
    }
    assert upload_row.user == phone.user
    assert NAME.fullmatch(upload_row.name)
    assert stored()[1].format == "JPEG"
    assert phone.update_user(nickname="Alice", avatar=body["data"]["url"])["data"]["next_step"] == ""
    assert phone.get("user/info")["data"]["avatar"] == body["data"]["url"]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_colour_mode_becomes_a_picture(phone: Phone, mode: str) -> None:
    assert upload(phone, picture(mode=mode))["code"] == 1
    assert stored()[1].mode == "RGB"


def test_cmyk_photograph_is_taken(phone: Phone) -> None:
    assert upload(phone, picture("JPEG", mode="CMYK"))["code"] == 1
    assert stored()[1].mode == "RGB"


def test_transparent_picture_is_laid_on_white(phone: Phone) -> None:
    upload(phone, picture(mode="RGBA", color=(0, 0, 0, 0)))
    assert stored()[1].getpixel((5, 5)) == (255, 255, 255)


@pytest.mark.parametrize(
    ("size", "kept"), [((4096, 4096), (640, 640)), ((4096, 1), (640, 1)), ((1, 1), (1, 1)), ((1280, 640), (640, 320))]
)
def test_large_picture_is_made_small(phone: Phone, size: tuple[int, int], kept: tuple[int, int]) -> None:
    assert upload(phone, png_of_size(*size))["code"] == 1
    data, image = stored()
    assert image.size == kept
    assert len(data) < 2 * 1024 * 1024


@pytest.mark.parametrize("size", [(4097, 10), (10, 4097), (30_000, 30_000), (65_000, 1)])
def test_too_many_pixels_are_refused_before_they_are_unpacked(phone: Phone, size: tuple[int, int]) -> None:
    bomb = png_of_size(*size)
    assert len(bomb) < 200_000
    started, before = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert upload(phone, bomb) == REJECTED
    assert time.monotonic() - started < 5
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 1024
    assert AvatarUpload.objects.count() == 0


def lying_png(width: int, height: int) -> bytes:
    """Ten pixels of data under a header that speaks of more."""
    data = bytearray(png_of_size(10, 10))
    data[16:24] = struct.pack(">II", width, height)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    return bytes(data)


NO_PICTURES: dict[str, bytes] = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script></svg>',
    "xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><svg>&y;</svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "php": b"<?php system($_GET['c']); ?>",
    "php behind a png signature": b"\x89PNG\r\n\x1a\n<?php system($_GET['c']); ?>",
    "html behind a jpeg signature": b"\xff\xd8\xff\xe0<script>alert(1)</script>",
    "gif": picture("GIF"),
    "gif with script": b"GIF89a/*" + SCRIPT + b"*/=1;",
    "bmp": picture("BMP"),
    "tiff": picture("TIFF"),
    "ico": picture("ICO"),
    "ppm": picture("PPM"),
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n",
    "pdf": b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n",
    "zip": b"PK\x03\x04" + b"\x00" * 100,
    "mp4": b"\x00\x00\x00\x18ftypmp42" + b"\x00" * 100,
    "text": b"hello",
    "one byte": b"x",
    "zeros": b"\x00" * 1000,
    "cut png": picture()[:60],
    "cut jpeg": picture("JPEG", (600, 600))[:400],
    "cut webp": picture("WEBP", (600, 600))[:40],
    "png header alone": picture()[:33],
    "broken checksum": picture()[:20] + b"\xff" + picture()[21:],
    "no width": lying_png(0, 10),
    "enormous": lying_png(0x7FFFFFFF, 0x7FFFFFFF),
    "png with garbage data": picture()[:45] + b"\xaa" * 400,
    "text bomb": picture()[:33] + struct.pack(">I", 60) + b"zTXt" + b"a\x00\x00" + b"\x00" * 61,
}  # fmt: skip


@pytest.mark.parametrize("data", NO_PICTURES.values(), ids=NO_PICTURES)
def test_file_that_is_no_picture_of_ours_is_refused(phone: Phone, data: bytes) -> None:
    assert upload(phone, data) == REJECTED
    assert phone.status == 200
    assert AvatarUpload.objects.count() == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_hides_in_a_picture_does_not_come_out(phone: Phone, kind: str) -> None:
    """Behind the picture, in its comment, and in its colour profile."""
    options: dict[str, Any] = {"icc_profile": SCRIPT} if kind != "JPEG" else {"comment": SCRIPT, "icc_profile": SCRIPT}
    assert upload(phone, picture(kind, **options) + SCRIPT)["code"] == 1
    data, image = stored()
    assert b"script" not in data
    assert b"php" not in data
    assert not {"comment", "icc_profile", "exif", "xmp"} & set(image.info)


def test_position_and_camera_are_stripped_and_the_picture_is_upright(phone: Phone) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "CanaryCamera"
    exif.get_ifd(0x8825).update({1: "N", 2: (IFDRational(31), IFDRational(14), IFDRational(9))})
    photograph = picture("JPEG", (60, 30), exif=exif)
    assert Image.open(io.BytesIO(photograph)).getexif().get_ifd(0x8825)

    assert upload(phone, photograph)["code"] == 1

    data, image = stored()
    assert image.size == (30, 60)
    assert dict(image.getexif()) == {}
    assert b"CanaryCamera" not in data
    assert b"Exif" not in data


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/evil.png",
        "..\\..\\evil.png",
        "/etc/passwd",
        "evil.php",
        "evil.png.php",
        "evil.php\x00.png",
        "evil.svg",
        "." * 300,
        "a" * 400 + ".png",
        ".htaccess",
        "小明.png",
        "evil\r\nX-Evil: 1.png",
        '"><script>.png',
        "con",
        " ",
    ],
    ids=ascii,
)
def test_no_character_of_the_clients_name_survives(phone: Phone, name: str) -> None:
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
    body = head.encode() + b"Content-Type: image/svg+xml\r\n\r\n" + picture() + f"\r\n--{BOUNDARY}--\r\n".encode()
    answer = phone.body(
        phone.client.generic("POST", "/api/upload/image", body, MULTIPART_CONTENT, headers={"token": phone.token})
    )
    if answer["code"] == 1:
        assert NAME.fullmatch(AvatarUpload.objects.get().name)
    else:
        assert (phone.status, answer["data"]["error"], AvatarUpload.objects.count()) == (200, "invalid_input", 0)


def test_names_are_random(phone: Phone) -> None:
    same = picture()
    assert len({upload(phone, same)["data"]["uri"] for _ in range(5)}) == 5


@pytest.mark.parametrize(
    ("size", "error"), [(5 * 1024 * 1024 + 1, "invalid_input"), (12 * 1024 * 1024, "invalid_input")]
)
def test_file_that_is_too_large_is_refused(phone: Phone, size: int, error: str) -> None:
    body = upload(phone, picture() + b"\x00" * (size - len(picture())))
    assert (body["code"], body["data"]["error"]) == (0, error)
    assert phone.status in (200, 413)
    assert AvatarUpload.objects.count() == 0


@pytest.mark.parametrize("fields", [{}, {"file": "text"}, {"file": ""}, {"image": "x"}])
def test_upload_without_a_file_is_refused(phone: Phone, fields: dict[str, str]) -> None:
    response = phone.client.post("/api/upload/image", fields, headers={"token": phone.token})
    assert (response.status_code, response.json()["data"]["error"]) == (200, "invalid_input")
    assert list(response.json()["data"]["fields"]) == ["file"]


def test_empty_file_is_refused(phone: Phone) -> None:
    body = upload(phone, b"")
    assert (phone.status, body["code"], body["data"]["error"]) == (200, 0, "invalid_input")


def test_upload_takes_multipart_only(phone: Phone) -> None:
    for content_type in ("application/json", "image/png", "application/x-www-form-urlencoded"):
        response = phone.client.post("/api/upload/image", picture(), content_type, headers={"token": phone.token})
        assert response.status_code == 415


def test_upload_without_a_token_stores_nothing(db: None, phone: Phone) -> None:
    phone.token = ""
    assert upload(phone, picture())["code"] == -1
    assert AvatarUpload.objects.count() == 0


def test_five_uploads_an_hour_then_429(alice: Phone, bob: Phone) -> None:
    alice.register()
    assert [upload(alice, picture())["code"] for _ in range(5)] == [1] * 5
    assert upload(alice, picture()) == {
        "code": 0,
        "msg": "Too many attempts. Please wait a moment and try again.",
        "data": {"error": "throttled"},
    }
    assert (alice.status, alice.headers["Retry-After"]) == (429, "3600")
    assert AvatarUpload.objects.count() == 5
    assert upload(bob.register(), picture())["code"] == 1


def test_picture_that_was_refused_leaves_the_quota_as_it_is(alice: Phone) -> None:
    alice.register()
    assert [upload(alice, b"x") for _ in range(8)] == [REJECTED] * 8
    assert [upload(alice, picture())["code"] for _ in range(5)] == [1] * 5


def test_decoding_has_a_limit_of_its_own(alice: Phone) -> None:
    alice.register()
    assert [upload(alice, b"x") for _ in range(30)] == [REJECTED] * 30
    assert upload(alice, b"x")["data"]["error"] == "throttled"
    assert (alice.status, alice.headers["Retry-After"]) == (429, "3600")


def test_new_token_does_not_bring_a_new_quota(alice: Phone) -> None:
    alice.complete()
    for _ in range(5):
        upload(alice, picture())
        alice.silent_login()
    assert upload(alice, picture())["data"]["error"] == "throttled"


@pytest.fixture
def full_disk(settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of avatars on a disk with room for a few more bytes."""
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": "django.core.files.storage.FileSystemStorage"}}
    settings.MEDIA_ROOT = tmp_path

    def written_until_full(descriptor: int, mode: str) -> None:
        os.write(descriptor, picture("JPEG")[:100])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("django.core.files.storage.filesystem.os.fdopen", written_until_full)
    return tmp_path


def test_full_disk_stops_uploads_alone_and_leaves_nothing_behind(phone: Phone, full_disk: Path) -> None:
    body = upload(phone, picture())
    assert (phone.status, body["code"], body["data"]["error"]) == (500, 0, "server_error")
    assert [file for file in full_disk.rglob("*") if file.is_file()] == []
    assert AvatarUpload.objects.count() == 0
    assert phone.update_user(nickname="Alice")["code"] == 1


def test_process_that_died_while_it_stored_leaves_what_the_purge_finds(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*args: Any, **kwargs: Any) -> None:
        raise SystemExit

    monkeypatch.setattr("django.core.files.storage.InMemoryStorage._save", killed)
    with pytest.raises(SystemExit):
        store_avatar(io.BytesIO(picture()), phone.user)
    assert NAME.fullmatch(AvatarUpload.objects.get().name)
