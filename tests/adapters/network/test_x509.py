"""Certificates and keys as they stand in Secrets."""

from __future__ import annotations

import pytest
from pairs import pair

from bot.adapters.network import X509Certificates
from bot.errors import BotError


def test_a_certificate_is_read_with_its_names_and_its_end():
    certificate, key = pair("shop.example.com", "*.example.org", "10.0.0.1", days=30)
    read = X509Certificates().read(certificate, key)
    assert read.key_fits
    assert read.certificate.names == ("shop.example.com", "*.example.org", "10.0.0.1")
    assert read.certificate.subject == "CN=patchbay test"
    assert read.certificate.self_signed
    assert read.certificate.not_after.tzinfo is not None


def test_a_name_in_the_subject_alone_does_not_count():
    certificate, key = pair(subject="shop.example.com")
    assert X509Certificates().read(certificate, key).certificate.names == ()


def test_a_key_of_another_certificate_does_not_fit():
    (certificate, _), (_, other) = pair("a.example"), pair("a.example")
    assert not X509Certificates().read(certificate, other).key_fits


def test_the_first_of_a_chain_is_meant():
    (own, key), (above, _) = pair("a.example"), pair(subject="an authority")
    assert X509Certificates().read(own + above, key).certificate.names == ("a.example",)


@pytest.mark.parametrize(
    "certificate", [b"", b"nonsense", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"]
)
def test_what_is_no_certificate_is_refused(certificate: bytes):
    with pytest.raises(BotError, match=r"tls\.crt holds no certificate"):
        X509Certificates().read(certificate, pair()[1])


@pytest.mark.parametrize(
    "key", [b"", b"secret nonsense", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"]
)
def test_what_is_no_key_is_refused_without_a_word_of_it(key: bytes):
    with pytest.raises(BotError, match=r"tls\.key holds no private key") as refused:
        X509Certificates().read(pair("a.example")[0], key)
    assert "nonsense" not in str(refused.value)
