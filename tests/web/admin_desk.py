"""The operator, on their pages."""

import re
from dataclasses import dataclass
from functools import cache

import httpx
from starlette.responses import Response

from digest.web.admin import sessions
from digest.web.admin.passwords import hashed

PASSWORD = "correct horse"
HTTP = "http://papers.example.org"

kept = cache(hashed)  # hashing takes a while, on purpose


@dataclass
class Operator:
    """Somebody with the password, and their browser."""

    site: object
    client: httpx.Client
    form: str = ""  # what every form on their pages holds

    def come_in(self):
        """As if they had given the password."""
        answer = Response()
        sessions.begin(self.site.desk, answer, kept(PASSWORD))
        name, _, value = answer.headers["set-cookie"].partition(";")[0].partition("=")
        self.client.cookies.clear()
        self.client.cookies.set(name, value)
        self.form = self.own_form()

    def log_in(self, password=PASSWORD, back=""):
        return self.client.post("/admin/login", data={"password": password, "back": back})

    def get(self, path, **more):
        return self.client.get(path, **more)

    def own_form(self):
        return re.search(r'name="form" value="([^"]+)"', self.get("/admin/log").text)[1]

    def post(self, path, /, **fields):
        return self.client.post(path, data={"form": self.form or self.own_form(), **fields})


def operated(make_site, tmp_path, url=HTTP, more=""):
    """Pages with a password, and the operator before them, not yet logged in."""
    file = tmp_path / "password"
    file.write_text(f"{kept(PASSWORD)}\n", encoding="ascii")
    site = make_site(url=url, more=f'\n[admin]\npassword_file = "{file}"\n{more}')
    return Operator(site, site.client)
