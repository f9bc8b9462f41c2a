"""Sign a finished PDF with the operator's key (PAdES), so that readers name the sender.

`pyHanko` is an extra of the installation; it is loaded by who signs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from billing_app.domain.errors import BillingError

_FIELD = "Signature"
_KEY = ".p12"


class SigningFailed(BillingError):
    """The key can't sign: it is missing, locked, over, or the extra is."""

    code = "signing_failed"


@dataclass(frozen=True, slots=True)
class PdfSigner:
    """Signs with the key and certificate of a PKCS#12 file, read anew each time.

    Attributes:
        key_file: or a folder with a file for each workspace that signs, by its slug:
            `aldgate-pine.p12`, and with a password of its own `aldgate-pine.txt`.
    """

    key_file: Path
    password: str = field(repr=False)

    @property
    def is_by_workspace(self) -> bool:
        return self.key_file.is_dir()

    def of_workspace(self, slug: str) -> PdfSigner | None:
        """Return who signs for a workspace; nobody where the folder has no key.

        Raises:
            SigningFailed: its password can't be read.
        """
        key_file = self.key_file / f"{slug}{_KEY}"
        if not key_file.exists():
            return None
        return PdfSigner(key_file, self._password_beside(key_file))

    def _password_beside(self, key_file: Path) -> str:
        try:
            return key_file.with_suffix(".txt").read_text().rstrip("\r\n")
        except FileNotFoundError:
            return self.password
        except (OSError, UnicodeDecodeError):
            raise SigningFailed(
                f"The password beside {key_file} can't be read."
            ) from None

    def sign(self, pdf: bytes, now: datetime) -> bytes:
        """Return the PDF with a signature behind it. Never the same bytes twice.

        What was there before stays byte for byte, so the XML inside and the claims
        of the archive do too.

        Raises:
            SigningFailed: with what to do about it.
        """
        key = self._key(now)
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import signers
        from pyhanko.sign.fields import SigSeedSubFilter

        how = signers.PdfSignatureMetadata(
            field_name=_FIELD, subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256"
        )
        signed = BytesIO()
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        signers.sign_pdf(writer, how, signer=key, output=signed)
        return signed.getvalue()

    def check(self, now: datetime) -> None:
        """Refuse a key that could not sign; of a folder, any of them.

        Raises:
            SigningFailed: with what to do about it.
        """
        if not self.is_by_workspace:
            self._key(now)
            return
        keys = sorted(self.key_file.glob(f"*{_KEY}"))
        if not keys:
            raise SigningFailed(f"The folder {self.key_file} has no key ({_KEY}).")
        for key_file in keys:
            PdfSigner(key_file, self._password_beside(key_file))._key(now)

    def _key(self, now: datetime) -> Any:
        try:
            from pyhanko.sign.signers import SimpleSigner
        except ImportError:
            raise SigningFailed(
                "SIGNING_FILE is set, but what signs is not installed. Run: uv sync "
                "--inexact --no-dev --extra sign"
            ) from None
        try:
            stored = self.key_file.read_bytes()
        except OSError as refusal:
            raise SigningFailed(
                f"The signing key {self.key_file} can't be read: {refusal.strerror}."
            ) from None
        try:
            key = SimpleSigner.load_pkcs12_data(
                stored, other_certs=(), passphrase=self.password.encode()
            )
        except ValueError:
            raise SigningFailed(
                f"{self.key_file} is no PKCS#12 file, or SIGNING_PASSWORD is wrong."
            ) from None
        certificate: Any = key.signing_cert
        if not certificate.not_valid_before <= now <= certificate.not_valid_after:
            last = certificate.not_valid_after.date()
            raise SigningFailed(
                f"The certificate in {self.key_file} is not valid today; its last day "
                f"is {last}."
            )
        return key
