import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

LOOPBACK = ip_address("127.0.0.1")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Write a fresh certificate for shop.test and its key; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "shop.test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.test")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "shop.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def server_tls(certificate):
    """Return the TLS of a server with the certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def follow_over_tls(certificate, server_tls, serving, names_of, follow):
    """Return what follows https://host on such a server, and tells the names that the handshake showed."""

    def follow_to(host, *, trusted=True):
        named = []
        server_tls.sni_callback = lambda _, name, __: named.append(name)

        async def run():
            async with serving({}, server_tls) as site:
                return await follow(
                    f"https://{host}:{site.port}/",
                    resolve=names_of(shop_test=[[LOOPBACK]], other_test=[[LOOPBACK]]),
                    tls=ssl.create_default_context(cafile=certificate if trusted else None),
                )

        return asyncio.run(run()), named

    return follow_to


@pytest.mark.parametrize("host", ["shop.test", "SHOP.test", "shop.test."])
def test_https_shows_the_name_and_checks_it(host, follow_over_tls):
    """The connection goes to the address, but the certificate has to name the host, without dot or case."""
    resolution, named = follow_over_tls(host)
    assert resolution.succeeded
    assert named == ["shop.test"]


@pytest.mark.parametrize(
    ("host", "trusted"), [("other.test", True), ("shop.test", False), ("127.0.0.1", True)]
)
def test_a_certificate_that_does_not_match_is_a_result(host, trusted, follow_over_tls):
    """Another name, an unknown authority or a bare address is not connected to."""
    resolution, _ = follow_over_tls(host, trusted=trusted)
    assert resolution.error_message == f"{host} cannot be connected to."


async def test_http_is_led_to_https(certificate, server_tls, serving, names_of, follow):
    """A redirect that upgrades to https is followed."""

    async def run():
        async with serving({}, server_tls) as secure, serving({}) as plain:
            location = f"https://shop.test:{secure.port}/"
            plain.responses["/"] = b"HTTP/1.1 301 Moved\r\nLocation: %s\r\n\r\n" % location.encode()
            names = names_of(shop_test=[[LOOPBACK]])
            tls = ssl.create_default_context(cafile=certificate)
            return await follow(f"http://127.0.0.1:{plain.port}/", resolve=names, tls=tls), location

    resolution, location = await run()
    assert (resolution.succeeded, resolution.final_url) == (True, location)
