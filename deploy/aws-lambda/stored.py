"""Secrets of the function, read from AWS's stores; Lambda itself puts no secret into a variable.

``CLOUDSYNC_SECRETS`` is JSON: the name of each variable, and the ARN of a secret of Secrets Manager
or of a parameter of Systems Manager. Where it isn't set, no store's client is loaded.
"""

from __future__ import annotations

import json
import os
from collections.abc import MutableMapping
from importlib import import_module
from typing import Any, Final

from cloudsync.errors import UsageError

SECRETS: Final = "CLOUDSYNC_SECRETS"


def filled(environment: MutableMapping[str, str] = os.environ) -> None:
    """Put what ``CLOUDSYNC_SECRETS`` names into the environment, anew each time: one may have been changed.

    By GetSecretValue and GetParameter (docs.aws.amazon.com/secretsmanager/latest/apireference and
    docs.aws.amazon.com/systems-manager/latest/APIReference); a region of the ARN's is asked.

    Raises:
        UsageError: it can't be read, an ARN is of neither store, or the store doesn't give it.
    """
    named = environment.get(SECRETS)
    if not named:
        return
    try:
        wanted: dict[str, str] = json.loads(named)
        parts = {name: arn.split(":", 6) for name, arn in wanted.items()}
    except (ValueError, AttributeError) as error:
        raise UsageError(
            SECRETS, "it isn't a JSON object of names and ARNs", todo='Write {"NAME": "arn:…"}.'
        ) from error
    # Only a function that has secrets pays for these here; the stubs know one service each.
    boto3: Any = import_module("boto3")
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    for name, arn in wanted.items():
        service, region = (*parts[name], "", "", "", "")[2:4]
        if service not in {"secretsmanager", "ssm"}:
            # Somebody may have put the secret itself there, and this text goes to the log.
            what = (
                f"{arn} is of no store of secrets" if arn.startswith("arn:")
                else "what stands there is no ARN, and isn't shown"
            )  # fmt: skip
            raise UsageError(
                f"{SECRETS}: {name}", what,
                todo="Name a secret of Secrets Manager, or a parameter of Systems Manager.",
            )  # fmt: skip
        try:
            client: Any = boto3.client(service, region_name=region)
            if service == "ssm":
                found = client.get_parameter(Name=arn, WithDecryption=True)["Parameter"]["Value"]
            else:
                found = client.get_secret_value(SecretId=arn)["SecretString"]
        except (BotoCoreError, ClientError, KeyError, ValueError) as error:
            raise UsageError(
                f"{SECRETS}: {name}", f"{arn} can't be read: {error}",
                todo="See that it is there, that it is text, and that the role may read it.",
            ) from error  # fmt: skip
        environment[name] = found
