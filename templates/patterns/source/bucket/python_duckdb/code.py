"""A bucket of S3, or of a store that speaks its protocol: which objects there are, and their bytes.

Where the store is and who asks is said in the ways of AWS: AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
so on, a profile, or the role of the machine. Of what the client says only the kind of an error is
shown: its words have addresses in them.
"""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as NoConnection

from ..core.errors import EnvironmentFailure, NotReady, Transient

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

logging.getLogger("botocore").setLevel(logging.WARNING)  # it says where it found credentials

PASSING = (NoConnection, HTTPClientError, IncompleteReadError, FlexibleChecksumError)
BUSY = ("SlowDown", "RequestTimeout", "ConditionalRequestConflict", "TooManyRequests")
OTHER = ("PreconditionFailed", "NoSuchKey", "404", "412")
RIGHT = (
    "Give this machine the rights s3:ListBucket and s3:GetObject. Who it is, where the store is and "
    "in which region comes from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, "
    "AWS_ENDPOINT_URL and AWS_REGION, from AWS_PROFILE, or from the role of the machine"
)


class Changed(Transient):
    """An object is no longer the one that was listed."""


@dataclass(frozen=True, slots=True)
class Object:
    """One version of an object. Its `etag` is another one when its content is."""

    key: str
    etag: str
    size: int
    modified: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """The client asks again by itself, up to AWS_MAX_ATTEMPTS times (a few if nothing says so)."""

    name: str

    def reach(self, prefix: str) -> None:
        """Raise if the bucket cannot be asked."""
        with explained(self.name):
            client().list_objects_v2(Bucket=self.name, Prefix=prefix, MaxKeys=1)

    def objects(self, prefix: str) -> Iterator[Object]:
        """The objects whose key begins so."""
        with explained(self.name):
            pages = client().get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.name, Prefix=prefix):
                for one in page.get("Contents", ()):
                    yield Object(one["Key"], one["ETag"], one["Size"], one["LastModified"])

    def etag(self, key: str) -> str:
        """The version of an object that is there now; empty if there is none."""
        try:
            with explained(f"{self.name}/{key}"):
                return client().head_object(Bucket=self.name, Key=key)["ETag"]
        except Changed:
            return ""

    def fetch(self, one: Object, path: Path) -> None:
        """Write this very version of an object to a file, and see it to the disk."""
        with explained(f"{self.name}/{one.key}"), path.open("wb") as file:
            got = client().get_object(Bucket=self.name, Key=one.key, IfMatch=one.etag)
            for part in got["Body"].iter_chunks(1 << 20):
                file.write(part)
            if file.tell() != one.size:
                raise Transient(f"s3://{self.name}/{one.key} broke off while it was fetched")
            file.flush()
            os.fsync(file.fileno())


@cache
def client() -> "S3Client":
    """One for all threads, made when it is first needed."""
    return boto3.client("s3")


@contextmanager
def explained(place: str) -> Iterator[None]:
    """Say by what to do what the client cannot do at a place: a bucket, and perhaps a key."""
    where = f"s3://{place}"
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in OTHER:
            raise Changed(f"{where} changed, or went, while it was read") from None
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        if code in BUSY or status == 429 or status >= 500:
            raise Transient(f"{where} cannot be had now: the store says {code}") from None
        if code == "NoSuchBucket":
            bucket = place.partition("/")[0]
            raise EnvironmentFailure(
                f"there is no bucket {bucket}. Correct `path` in conf/, or AWS_ENDPOINT_URL, which "
                "says where the store is"
            ) from None
        raise EnvironmentFailure(f"{where}: the store refuses it ({code}). {RIGHT}") from None
    except PASSING as error:
        raise Transient(f"{where} cannot be had now: {type(error).__name__}") from None
    except (BotoCoreError, ValueError) as error:
        raise EnvironmentFailure(f"{where}: {type(error).__name__}. {RIGHT}") from None


@contextmanager
def needed() -> Iterator[None]:
    """Where there is no unit that could fail, a store that is gone is a missing service."""
    try:
        yield
    except Changed as error:
        raise NotReady(str(error)) from None
    except Transient as error:
        raise EnvironmentFailure(
            f"{error}. See that it runs, and that AWS_ENDPOINT_URL leads to it, and run again"
        ) from None
