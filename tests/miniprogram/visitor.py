"""Somebody with a browser on a phone's screen, in front of the mini-program's browser build."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.miniprogram import backstage

HOME, LOGIN, ORDERS = "#/", "#/pages/login/login", "#/pages/order/list"


class Visitor:
    def __init__(self, page: Page) -> None:
        self.page = page
        self.sent: list[str] = []
        self.complaints: list[str] = []
        self.hosts: set[str] = set()
        page.on("request", lambda request: self.noted(request.method, request.url))
        page.on("console", lambda message: message.type == "error" and self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def avatar_address(self) -> re.Pattern[str]:
        """Of a picture that this server keeps."""
        return re.compile(re.escape("/".join(self.page.url.split("/")[:3])) + "/media/avatars/")

    def noted(self, method: str, url: str) -> None:
        scheme, _, rest = url.partition("://")
        host, _, path = rest.partition("/")
        if scheme.startswith("http"):
            self.hosts.add(host)
        if path.startswith("api/"):
            self.sent.append(f"{method} {path.removeprefix('api')}")

    def opens(self, where: str = HOME) -> Visitor:
        """As from a link or the address bar of a new tab: the app starts anew."""
        self.page.goto("about:blank")
        self.page.goto(f"/app/{where}")
        return self

    def rests(self) -> Visitor:
        """Until nothing is under way that the opening began."""
        self.page.wait_for_load_state("networkidle")
        return self

    def types_address(self, where: str) -> None:
        """In the address bar of the open app."""
        self.page.evaluate("where => { location.hash = where }", where)

    def part(self, name: str) -> Locator:
        """An element by its id on the page that shows: those beneath stay in the document."""
        return self.page.locator(f"#{name}:visible")

    def taps(self, name: str) -> Visitor:
        self.part(name).click()
        return self

    def sees(self, name: str, text: str = "") -> None:
        found = self.part(name)
        expect(found).to_contain_text(text) if text else expect(found).to_be_visible()

    def sees_orders(self) -> None:
        self.sees("orders", "浅烘焙咖啡豆 500 克")

    def is_at(self, where: str) -> None:
        expect(self.page).to_have_url(f"{self.page.url.split('#')[0]}{where}")

    def holds(self, person: str) -> Visitor:
        """Who this is to WeChat, as if they had picked themselves in the app."""
        keep = f"localStorage.getItem('person') ?? localStorage.setItem('person', '{person}')"
        self.page.add_init_script(f"if (location.protocol !== 'about:') {keep}")
        return self

    def picks(self, person: str) -> None:
        """Picks by hand who holds this browser, on the login page."""
        self.taps("person")
        self.page.locator("#person-name:visible input").fill(person)
        self.taps("person-use")
        self.sees("person", person)

    def agrees(self) -> Visitor:
        return self.taps("log-in").taps("agree-and-log-in")

    def completes(self, nickname: str) -> None:
        self.chooses_picture()
        self.page.locator("#nickname:visible input").fill(nickname)
        self.taps("save-profile")

    def chooses_picture(self) -> None:
        with self.page.expect_file_chooser() as chooser:
            self.taps("choose-avatar")
        chooser.value.set_files({"name": "me.png", "mimeType": "image/png", "buffer": backstage.picture()})
        expect(self.page.locator("#choose-avatar:visible img")).to_have_attribute("src", re.compile("^blob:"))

    def forgives(self, complaint: str) -> None:
        """The browser's own words about what the test has done to it."""
        self.complaints = [text for text in self.complaints if complaint not in text]

    def session(self) -> dict[str, Any]:
        """What the app has stored."""
        kept = self.page.evaluate("() => localStorage.getItem('session')")
        data: dict[str, Any] = json.loads(kept)["data"] if kept else {}
        return json.loads(data) if isinstance(data, str) else data

    def is_given(self, token: str) -> None:
        """The app finds this token stored when it opens the next time, as after some days."""
        change = f"const kept = JSON.parse(localStorage.session); kept.data.token = '{token}'"
        self.page.add_init_script(
            f"if (location.protocol !== 'about:') {{ {change}; localStorage.session = JSON.stringify(kept) }}"
        )
