# SPDX-License-Identifier: Apache-2.0
"""A rotation function without a will: it connects to the test and does what it is told.

One connection per event: the event goes out as a line of JSON, orders come back as lines.
"""
import json
import os
import socket

_client = None


def secretsmanager():
    global _client
    if _client is None:
        import boto3
        from botocore.config import Config
        _client = boto3.client("secretsmanager",
                               endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"],
                               config=Config(retries={"max_attempts": 0}))
    return _client


def obey(order):
    from botocore.exceptions import ClientError
    client = secretsmanager()
    method = "".join("_" + c.lower() if c.isupper() else c for c in order["call"]).lstrip("_")
    try:
        answer = getattr(client, method)(**order["with"])
        return {"ok": {k: v for k, v in answer.items() if k != "ResponseMetadata"}}
    except ClientError as e:
        return {"error": e.response["Error"]["Code"], "message": e.response["Error"]["Message"]}


def handler(event, context):
    host, port = os.environ["TEST_AT"].split(":")
    with socket.create_connection((host, int(port)), timeout=60) as s, s.makefile("rwb") as wire:
        wire.write(json.dumps({"event": event, "request_id": context.aws_request_id,
                               "pid": os.getpid()}).encode() + b"\n")
        wire.flush()
        for line in wire:
            order = json.loads(line)
            if "return" in order:
                return order["return"]
            if "raise" in order:
                raise RuntimeError(order["raise"])
            if "exit" in order:
                os._exit(order["exit"])
            wire.write(json.dumps(obey(order), default=str).encode() + b"\n")
            wire.flush()
    raise RuntimeError("the test has gone")
