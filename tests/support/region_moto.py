"""moto as the API of a pretend region, with what real EC2 does and moto does not.

``python -m tests.support.region_moto FOLDER ADDRESS SUBNET`` serves at port 5000 of an address.
Every call is written to ``calls.log``: action and access key.
"""

from __future__ import annotations

import base64
import sys
from itertools import count
from pathlib import Path
from typing import Any

PORT = 5000
LONGEST_USER_DATA = 16384
FIRST_PUBLIC = 100
"""Last part of the first public address that instances get."""


def patch(folder: Path, subnet: str) -> None:
    """Make moto behave as EC2 does where it matters here."""
    _public_addresses(subnet)
    _console(folder)
    _user_data_and_tokens()
    _missing_roles()
    _record(folder)


def _public_addresses(subnet: str) -> None:
    """Give addresses that exist here, never those of anybody."""
    from moto.ec2.models import elastic_network_interfaces as module

    interfaces: Any = module
    numbers = count(FIRST_PUBLIC)
    interfaces.random_public_ip = lambda: f"{subnet}.{next(numbers)}"


def _console(folder: Path) -> None:
    """Give what the host wrote."""
    from moto.ec2.responses import general as module

    general: Any = module  # it names its parts for itself alone

    def console(self: Any) -> Any:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId"))
        path = folder / instance.id / "console.log"
        text = path.read_text(errors="replace")[-65536:] if path.exists() else ""
        output = general.Base64EncodedString.from_raw_string(text)
        answer = {"InstanceId": instance.id, "Timestamp": general.utcnow(), "Output": output}
        return general.ActionResult(answer)

    general.General.get_console_output = console


def _user_data_and_tokens() -> None:
    """Refuse user-data that is too long; the same token gives the same reservation."""
    from moto.ec2.exceptions import EC2ClientError
    from moto.ec2.models.instances import InstanceBackend

    run = InstanceBackend.run_instances
    seen: dict[str, Any] = {}

    def run_instances(self: Any, *args: Any, **given: Any) -> Any:
        token = given.get("client_token") or ""
        if token in seen:
            return seen[token]
        text = args[2] if len(args) > 2 else given.get("user_data") or b""
        if len(base64.b64decode(str(text) if text else "")) > LONGEST_USER_DATA:
            raise EC2ClientError("InvalidParameterValue", "User data is limited to 16384 bytes")
        made = run(self, *args, **given)
        if token:
            seen[token] = made
        return made

    setattr(InstanceBackend, "run_instances", run_instances)  # noqa: B010 - it is a method


def _missing_roles() -> None:
    """Say of a role that a profile has not what IAM says, where moto fails."""
    from moto.iam.exceptions import NotFoundException
    from moto.iam.models import IAMBackend

    remove = IAMBackend.remove_role_from_instance_profile

    def remove_role(self: Any, profile_name: str, role_name: str) -> Any:
        roles = [role.name for role in self.get_instance_profile(profile_name).roles]
        if role_name not in roles:
            raise NotFoundException(f"The role {role_name} is in no such profile")
        return remove(self, profile_name, role_name)

    setattr(IAMBackend, "remove_role_from_instance_profile", remove_role)  # noqa: B010


def _record(folder: Path) -> None:
    """Write down who calls what."""
    from moto.core.responses import BaseResponse

    call = BaseResponse.call_action

    def call_action(self: Any) -> Any:
        with (folder / "calls.log").open("a") as log:
            log.write(f"{self.service_name}:{self._get_action()} {self.access_key}\n")
        return call(self)

    setattr(BaseResponse, "call_action", call_action)  # noqa: B010


def main(arguments: list[str]) -> None:
    """Serve until killed."""
    from moto.server import main as serve

    folder, address, subnet = arguments
    patch(Path(folder), subnet)
    serve(["-H", address, "-p", str(PORT)])


if __name__ == "__main__":
    main(sys.argv[1:])
