"""EC2's query protocol: nested parameters in, XML out; it decides nothing about the cloud."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

EC2_NAMESPACE = "http://ec2.amazonaws.com/doc/2016-11-15/"


class Refused(ValueError):
    """A request that the API answers with an error code instead of a result."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP answer."""

    status: int
    body: bytes
    content_type: str = "text/xml;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()


Node = dict[str, "Node | str"]


class Params:
    """The parameters of one request, or of one member of a list inside it."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @classmethod
    def parse(cls, flat: Mapping[str, str]) -> Params:
        """Nest `A.1.B=x` as the query protocol means it."""
        root: Node = {}
        for name, value in flat.items():
            *path, last = name.split(".")
            node = root
            for part in path:
                child = node.setdefault(part, {})
                if isinstance(child, str):
                    raise Refused("InvalidParameter", f"The parameter {name} is not valid")
                node = child
            node[last] = value
        return cls(root)

    def __contains__(self, name: str) -> bool:
        return name in self._node

    def text(self, name: str) -> str | None:
        """The value of one parameter, or None."""
        value = self._node.get(name)
        return value if isinstance(value, str) else None

    def need(self, name: str) -> str:
        """The value of a parameter that can't be left out.

        Raises:
            Refused: MissingParameter.
        """
        value = self.text(name)
        if value is None or value == "":
            # EC2 API reference, "Common client error codes": MissingParameter.
            raise Refused("MissingParameter", f"The request must contain the parameter {name}")
        return value

    def number(self, name: str) -> int | None:
        """The integer value of one parameter, or None.

        Raises:
            Refused: InvalidParameterValue where it isn't an integer.
        """
        value = self.text(name)
        if value is None:
            return None
        try:
            return int(value)
        except ValueError:
            raise Refused(
                "InvalidParameterValue", f"Value ({value}) for parameter {name} is invalid."
            ) from None

    def flag(self, name: str) -> bool:
        """Whether one parameter says true."""
        return (self.text(name) or "false").lower() == "true"

    def _members(self, name: str) -> list[Node | str]:
        value = self._node.get(name)
        if not isinstance(value, dict):
            return []
        try:
            return [value[key] for key in sorted(value, key=int)]
        except ValueError:
            raise Refused("InvalidParameter", f"The parameter {name} is not valid") from None

    def texts(self, name: str) -> list[str]:
        """The values of a list of strings, in order."""
        return [member for member in self._members(name) if isinstance(member, str)]

    def structs(self, name: str) -> list[Params]:
        """The members of a list of structures, in order."""
        return [Params(member) for member in self._members(name) if isinstance(member, dict)]

    def struct(self, name: str) -> Params:
        """One nested structure; empty where it was left out."""
        value = self._node.get(name)
        return Params(value if isinstance(value, dict) else {})


def flatten(body: bytes) -> dict[str, str]:
    """The form-encoded parameters of a request body, by their wire names."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def tag(name: str, value: object) -> str:
    """One element, or nothing for None; booleans in lower case, text escaped."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return f"<{name}>{str(value).lower()}</{name}>"
    return f"<{name}>{escape(str(value))}</{name}>"


def nest(name: str, inner: str) -> str:
    """One element around XML that is ready."""
    return f"<{name}>{inner}</{name}>"


def items(name: str, members: Iterable[str]) -> str:
    """A list element with an `item` for each member; empty lists keep their element, as EC2's."""
    inner = "".join(f"<item>{member}</item>" for member in members)
    return f"<{name}>{inner}</{name}>" if inner else f"<{name}/>"


def answer(action: str, inner: str, namespace: str = EC2_NAMESPACE) -> Reply:
    """A successful answer of EC2."""
    body = (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<{action}Response xmlns="{namespace}">'
        f"<requestId>{uuid.uuid4()}</requestId>{inner}</{action}Response>"
    )
    return Reply(200, body.encode())


def refusal(refused: Refused) -> Reply:
    """An error answer of EC2."""
    body = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>'
        f"{tag('Code', refused.code)}{tag('Message', refused.message)}"
        f"</Error></Errors>{tag('RequestID', uuid.uuid4())}</Response>"
    )
    return Reply(refused.status, body.encode())
