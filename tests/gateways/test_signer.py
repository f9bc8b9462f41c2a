"""A signed document is still the archive it was, and says when it was changed."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from billing_app.documents.e_invoice import write_cii
from billing_app.documents.pdf import PdfRenderer
from billing_app.documents.render import render_print
from billing_app.domain.document import content_digest, to_json
from billing_app.gateways.signer import PdfSigner, SigningFailed
from billing_app.models import IssuedDocument
from billing_app.workflows.outbox import deliver_due
from tests.documents.test_e_invoice import USUAL
from tests.support.billing import all_rows, an_invoice
from tests.support.documents import MADE_AT
from tests.support.world import World

pyhanko = pytest.importorskip("pyhanko", reason="pyHanko is not installed")

PASSWORD = "of the key"
# pyHanko reads the machine's clock, so the certificate spans it.
MADE, ENDS = datetime(2025, 1, 1, tzinfo=UTC), datetime(2075, 1, 1, tzinfo=UTC)
PLAIN = USUAL["one tax"]


def make_key(path: Path, ends: datetime = ENDS) -> PdfSigner:
    """Write a key with a certificate that vouches for itself."""
    key = rsa.generate_private_key(65537, 2048)
    named = x509.NameAttribute(NameOID.COMMON_NAME, "Northwind Charter B.V.")
    name = x509.Name([named])
    may_sign = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=True,
        crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 7, MADE, ends)
        .add_extension(may_sign, critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    lock = BestAvailableEncryption(PASSWORD.encode())
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(b"key", key, certificate, None, lock)
    )
    return PdfSigner(path, PASSWORD)


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> PdfSigner:
    return make_key(tmp_path_factory.mktemp("key") / "key.p12")


def validated(data: bytes, signer: PdfSigner):
    """Ask pyHanko's own validator, with the certificate as what is trusted."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    trusted = ValidationContext(trust_roots=[signer._key(MADE_AT).signing_cert])
    (signature,) = PdfFileReader(BytesIO(data)).embedded_signatures
    return validate_pdf_signature(signature, trusted)


@pytest.fixture(scope="module")
def unsigned() -> Iterator[bytes]:
    html = render_print(PLAIN, None, MADE_AT)
    renderer = PdfRenderer()
    yield renderer.render(html, content_digest(to_json(PLAIN)), write_cii(PLAIN))
    renderer.close()


@pytest.fixture(scope="module")
def signed(unsigned: bytes, signer: PdfSigner) -> bytes:
    return signer.sign(unsigned, MADE_AT)


class TestSign:
    @pytest.mark.feature("N03")
    def test_signature_and_factur_x_are_both_valid(
        self, signed: bytes, unsigned: bytes, signer: PdfSigner
    ):
        from pyhanko.sign.validation import SignatureCoverageLevel

        said = validated(signed, signer)

        assert said.bottom_line
        assert said.intact
        assert said.trusted
        assert said.coverage == SignatureCoverageLevel.ENTIRE_FILE
        assert signed.startswith(unsigned)
        with pikepdf.open(BytesIO(signed)) as pdf:
            xml = pdf.attachments["factur-x.xml"].get_file().read_bytes()
            assert xml == write_cii(PLAIN)
            assert pdf.Root.AF[0].AFRelationship == "/Alternative"
            with pdf.open_metadata() as metadata:
                assert metadata.pdfa_status == "3A"

    @pytest.mark.feature("N03")
    def test_one_changed_byte_shows(self, signed: bytes, signer: PdfSigner):
        place = signed.index(b"stream") + 20
        changed = bytearray(signed)
        changed[place] ^= 1

        assert not validated(bytes(changed), signer).intact


class TestRefusals:
    def test_a_wrong_password_is_named(self, signer: PdfSigner):
        with pytest.raises(SigningFailed, match="SIGNING_PASSWORD is wrong"):
            replace(signer, password="guessed").check(MADE_AT)

    def test_a_key_that_is_not_there_is_named(self, tmp_path: Path):
        with pytest.raises(SigningFailed, match=r"nowhere\.p12 can.t be read"):
            PdfSigner(tmp_path / "nowhere.p12", "").check(MADE_AT)

    def test_a_certificate_that_is_over_signs_nothing(self, tmp_path: Path):
        old = make_key(tmp_path / "old.p12", ends=MADE + timedelta(days=30))

        with pytest.raises(SigningFailed, match="last day is 2025-01-31"):
            old.sign(b"", MADE_AT)

    def test_its_password_is_not_shown(self, signer: PdfSigner):
        assert PASSWORD not in repr(signer)


class TestFolder:
    """Where several businesses share an installation, each signs with its own."""

    @pytest.mark.feature("N03")
    def test_each_workspace_signs_with_its_key_and_the_others_with_none(
        self, world: World, tmp_path: Path
    ):
        with world.reading(world.northwind.system) as uow:
            slug = uow.workspace.slug
        theirs = make_key(tmp_path / f"{slug}.p12")
        for place in world.places:
            an_invoice(world, place)

        deliver_due(replace(world.runtime, signer=PdfSigner(tmp_path, PASSWORD)))

        ours, others = (
            world.runtime.files.read(
                all_rows(world, place, IssuedDocument)[0].pdf_digest
            )
            for place in (world.northwind, world.kestrel)
        )
        assert validated(ours, theirs).bottom_line
        assert b"/ByteRange" not in others

    def test_a_password_beside_the_key_opens_it(self, tmp_path: Path):
        make_key(tmp_path / "halden.p12")
        (tmp_path / "halden.txt").write_text(f"{PASSWORD}\n")

        PdfSigner(tmp_path, "of another").check(MADE_AT)

    def test_one_bad_key_of_many_is_named(self, tmp_path: Path):
        make_key(tmp_path / "halden.p12")
        (tmp_path / "bristow.p12").write_bytes(b"no key")

        with pytest.raises(SigningFailed, match=r"bristow\.p12 is no PKCS#12 file"):
            PdfSigner(tmp_path, PASSWORD).check(MADE_AT)

    def test_a_folder_without_a_key_is_named(self, tmp_path: Path):
        with pytest.raises(SigningFailed, match="has no key"):
            PdfSigner(tmp_path, "").check(MADE_AT)


class TestIssued:
    """What is kept and asked for at /check is the signed file."""

    def test_is_signed_once_and_kept(self, world: World, signer: PdfSigner):
        an_invoice(world, world.northwind)

        deliver_due(replace(world.runtime, signer=signer))

        (document,) = all_rows(world, world.northwind, IssuedDocument)
        kept = world.runtime.files.read(document.pdf_digest)
        assert hashlib.sha256(kept).hexdigest() == document.pdf_digest
        assert validated(kept, signer).bottom_line

    def test_that_could_not_be_signed_says_why_and_is_not_kept(self, world: World):
        an_invoice(world, world.northwind)
        locked = PdfSigner(world.runtime.settings.data_dir / "no.p12", "")

        deliver_due(replace(world.runtime, signer=locked))

        (document,) = all_rows(world, world.northwind, IssuedDocument)
        assert document.pdf_digest == ""
        assert "no.p12 can't be read" in document.pdf_error
