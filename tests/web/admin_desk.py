"""The operator, on their pages."""

import re
from dataclasses import dataclass

import httpx

from digest.web.admin.passwords import hashed

PASSWORD = "correct horse"  # noqa: S105
HTTP = "http://papers.example.org"


@dataclass
class Operator:
    """Somebody with the password, and their browser."""

    site: object
    client: httpx.Client

    def log_in(self, password=PASSWORD, back=""):
        return self.client.post("/admin/login", data={"password": password, "back": back})

    def get(self, path, **more):
        return self.client.get(path, **more)

    def form(self, path="/admin/log"):
        """What every form on a page holds."""
        return re.search(r'name="form" value="([^"]+)"', self.get(path).text)[1]

    def post(self, path, /, **fields):
        return self.client.post(path, data={"form": self.form(), **fields})


def operated(make_site, tmp_path, url=HTTP, more=""):
    """Pages with a password, and the operator before them, not yet logged in."""
    file = tmp_path / "password"
    file.write_text(hashed(PASSWORD) + "\n", encoding="ascii")
    site = make_site(url=url, more=f'\n[admin]\npassword_file = "{file}"\n{more}')
    return Operator(site, site.client)
