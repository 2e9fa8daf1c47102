"""The ways by which letters leave: Apprise for most, boto3 for SNS; each loaded when it is needed."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

from cloudsync.alert.letters import Letter
from cloudsync.alert.mailed import heard_of
from cloudsync.conditions.condition import Severity
from cloudsync.config import Config
from cloudsync.config.alerts import ChannelSettings
from cloudsync.report.words import clean
from cloudsync.secret import hidden, worth_hiding

Send = Callable[[Letter], str]
"""Sends a letter; gives why it couldn't, or nothing."""

_SUBJECT: Final = 100
"""How long the subject of an SNS message may be; ASCII only (its API reference, Publish)."""


def channels(config: Config, environ: Mapping[str, str] = os.environ) -> dict[str, Send]:
    """How a letter to each channel is sent, by the channel's name.

    Raises:
        UsageError: what is heard of goes only by mail into a domain that is protected here.
    """
    heard_of(config, environ)
    return {one.name: _way(one, environ) for one in config.alerts.channels}


def _way(channel: ChannelSettings, environ: Mapping[str, str]) -> Send:
    if channel.sns:
        return lambda letter: _publish(str(channel.sns), letter)
    variable = str(channel.url_env)
    return lambda letter: _notify(variable, environ.get(variable, ""), letter)


def _notify(variable: str, url: str, letter: Letter) -> str:
    """Send by Apprise, which says by a truth value whether it went, and in its log why not."""
    if not url.strip():
        return f"the environment variable {variable} isn't set"
    try:
        import apprise  # noqa: PLC0415
    except ImportError:
        return "the extra alerts isn't installed: pip install 'cloudsync-smtp[alerts]'"
    way: Any = apprise.Apprise()  # its own types are partly unknown
    if not way.add(url):
        return f"{variable} holds no URL that Apprise knows"
    for service in way:
        # Left to the service, a long letter is refused whole, and a long letter tells of much.
        if service.overflow_mode == apprise.OverflowMode.UPSTREAM:
            service.overflow_mode = apprise.OverflowMode.TRUNCATE
    kind = {
        Severity.PAGE: apprise.NotifyType.FAILURE,
        Severity.TICKET: apprise.NotifyType.WARNING,
        Severity.NOTE: apprise.NotifyType.INFO,
    }[letter.severity]
    if letter.over:
        kind = apprise.NotifyType.SUCCESS
    said: list[str] = []
    listener = _Listener(said)
    log = logging.getLogger("apprise")
    log.addHandler(listener)
    try:
        went = bool(
            way.notify(
                title=letter.subject,
                body=letter.body,
                notify_type=kind,
                # Otherwise some services read markup in what strangers wrote into a rule's name.
                body_format=apprise.NotifyFormat.TEXT,
            )
        )
    except Exception as error:  # noqa: BLE001 - a plugin's fault must not cost a run
        said.append(f"{type(error).__name__}: {error}")
        went = False
    finally:
        log.removeHandler(listener)
    if went:
        return ""
    return _without_secrets("; ".join(said) or "it was refused, without a reason", url)


class _Listener(logging.Handler):
    """Keeps what is logged as wrong."""

    def __init__(self, said: list[str]) -> None:
        super().__init__(logging.WARNING)
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self.said.append(record.getMessage())


def _without_secrets(said: str, url: str) -> str:
    """``said`` without any part of the URL that may be a secret, on one short line."""
    parts = re.split(r"[/:@?&=#,]+", url)
    return clean(" ".join(hidden(said, worth_hiding(parts)).split()))[:300].rstrip(".")


def _publish(topic: str, letter: Letter) -> str:
    """Send to an SNS topic; Apprise has its host fixed, and boto3 knows every partition's."""
    try:
        import boto3  # noqa: PLC0415
    except ImportError:
        return "the extra aws isn't installed: pip install 'cloudsync-smtp[aws]'"
    subject = letter.subject.encode("ascii", "replace").decode()[:_SUBJECT]
    try:
        sdk: Any = boto3  # the types of SNS would be one more package
        # By itself it waits a minute for each of five tries, and the next sweep with it.
        patience: Any = import_module("botocore.config").Config(
            connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2}
        )
        client = sdk.client("sns", region_name=topic.split(":")[3], config=patience)
        client.publish(TopicArn=topic, Subject=subject, Message=letter.body)
    except Exception as error:  # noqa: BLE001 - whatever befalls a channel must not cost a run
        return clean(" ".join(f"{type(error).__name__}: {error}".split()))[:300].rstrip(".")
    return ""
