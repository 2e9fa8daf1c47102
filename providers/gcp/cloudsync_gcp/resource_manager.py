"""One method of Resource Manager, called the way the SDK's clients are: none of them has it."""

from __future__ import annotations

from typing import Any, Final

PUBLIC: Final = "https://cloudresourcemanager.googleapis.com"


class ResourceManagerClient:
    """Resource Manager's projects, as the SDK's clients are called: it has no client here."""

    def __init__(self, credentials: Any, endpoint: str | None) -> None:
        from google.auth.transport.requests import AuthorizedSession  # noqa: PLC0415

        made: Any = AuthorizedSession
        self._session = made(credentials)
        self._base = endpoint or PUBLIC

    def test_iam_permissions(
        self, request: dict[str, Any], retry: None, timeout: float
    ) -> frozenset[str]:
        """Those of the permissions in ``request`` that the caller holds on its project.

        Raises:
            GoogleAPICallError: Google answered an error.
        """
        from google.api_core import exceptions as untyped  # noqa: PLC0415

        del retry  # nothing is tried again here
        answer = self._session.post(
            f"{self._base}/v3/projects/{request['project']}:testIamPermissions",
            json={"permissions": request["permissions"]}, timeout=timeout,
        )  # fmt: skip
        if answer.status_code >= 400:
            exceptions: Any = untyped
            raise exceptions.from_http_response(answer)
        return frozenset(map(str, answer.json().get("permissions", ())))
