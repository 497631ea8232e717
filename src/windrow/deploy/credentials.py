"""What makes a cluster private: certificates of its own, and the key that signs its programs.

Every cluster has a certificate authority that exists only while its certificates are made: the
authority's key is never written anywhere. Whoever can read the folder controls the cluster.
"""

from __future__ import annotations

import datetime
import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from windrow.errors import SignatureError

if TYPE_CHECKING:
    from windrow.execution.cluster_dask import Credentials as DaskCredentials

_MARGIN = datetime.timedelta(days=1)
SIGNATURE_BYTES = 32
FILES = {
    role: ("authority.pem", f"{role}.pem", f"{role}.key", "signing.key")
    for role in ("host", "client")
}
"""What a member of a role has; no host can read a client's key."""


@dataclass(frozen=True)
class Credentials:
    """Files of one member of a cluster.

    Attributes
    ----------
    authority, certificate, key
        Paths of PEM files.
    signing
        Path of the key that signs programs and results.
    """

    authority: str
    certificate: str
    key: str
    signing: str

    @staticmethod
    def of(folder: str, role: str) -> Credentials:
        """Name the files of a role (``host`` or ``client``) in a folder."""
        return Credentials(*(str(Path(folder) / name) for name in FILES[role]))

    def dask(self) -> DaskCredentials:
        """Give the certificates to Dask."""
        from windrow.execution.cluster_dask import Credentials as DaskCredentials

        return DaskCredentials(Path(self.authority), Path(self.certificate), Path(self.key))

    def sign(self, data: bytes) -> bytes:
        """Return the data behind its signature (HMAC-SHA256, RFC 2104)."""
        return hmac.digest(self._secret(), data, hashlib.sha256) + data

    def verified(self, signed: bytes, what: str) -> bytes:
        """Return the data of `sign`; raises `SignatureError` when it is another's or damaged."""
        signature, data = signed[:SIGNATURE_BYTES], signed[SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, hmac.digest(self._secret(), data, hashlib.sha256)):
            raise SignatureError(what)
        return data

    def _secret(self) -> bytes:
        return Path(self.signing).read_bytes()


def create_credentials(name: str, lifetime: float) -> dict[str, bytes]:
    """Make the files of a new cluster: two members' certificates and a signing key.

    Parameters
    ----------
    name
        Of the cluster; stands in the certificates.
    lifetime
        Seconds that the cluster may live; the certificates are valid a day longer.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    now = datetime.datetime.now(datetime.UTC)
    until = now + datetime.timedelta(seconds=lifetime) + _MARGIN

    def subject(role: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"windrow {name} {role}"[:64])])

    def builder(role: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject(role))
            .issuer_name(subject("authority"))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(until)
        )

    authority = ec.generate_private_key(ec.SECP256R1())
    root = builder("authority", authority).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    pem = serialization.Encoding.PEM
    files = {
        "authority.pem": root.sign(authority, hashes.SHA256()).public_bytes(pem),
        "signing.key": secrets.token_bytes(32),
    }
    usages = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    for role in ("host", "client"):
        key = ec.generate_private_key(ec.SECP256R1())
        member = builder(role, key).add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        files[f"{role}.pem"] = member.sign(authority, hashes.SHA256()).public_bytes(pem)
        files[f"{role}.key"] = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    return files


def write_private(folder: str, files: dict[str, bytes]) -> None:
    """Write files that only their owner may read, in a folder that only the owner may open."""
    place = Path(folder)
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    place.chmod(0o700)
    for name, data in files.items():
        descriptor = os.open(place / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
