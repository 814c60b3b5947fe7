"""The explorer is a release of Swagger UI as npm has it, with its licence."""

import runpy
from hashlib import sha256
from pathlib import Path

import pytest

from contract_first.service.pages import SWAGGER_UI

VERSION = "5.34.0"
SHA256 = {
    "swagger-ui-bundle.js": "3f6abf70480db7e07914df4c98a77385f22ea585eaf457a3e6415ba0eae2d167",
    "swagger-ui.css": "c3cfe8248c4b0b89673600fb829924eafbac6de4bc4b2b06f5f5243483074d0a",
}
"""Of ``npm pack swagger-ui-dist@VERSION``."""

petstore = runpy.run_path(str(Path(__file__).with_name("petstore.py")))
served, ask = petstore["served"], petstore["ask"]


@pytest.mark.parametrize("file", SHA256)
def test_file_is_served_as_it_was_released(file):
    """Each file that a browser loads has the bytes of the release."""
    response = ask(served(), "GET", f"/docs/{file}")
    assert response.status_code == 200
    assert sha256(response.content).hexdigest() == SHA256[file]


def test_version():
    """The version beside the files is the one that they name."""
    assert (SWAGGER_UI / "VERSION").read_text() == f"{VERSION}\n"
    assert f'PACKAGE_VERSION:"{VERSION}"' in (SWAGGER_UI / "swagger-ui-bundle.js").read_text()


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("LICENSE", "Apache License"),
        ("NOTICE", "SmartBear Software"),
        ("swagger-ui-bundle.js.LICENSE.txt", "@license"),
    ],
)
def test_licences_are_beside_the_files(file, text):
    """Beside the files are their licence, its notice and the licences of what the bundle holds."""
    assert text in (SWAGGER_UI / file).read_text()
