# SPDX-License-Identifier: Apache-2.0
"""A rotation function as people write them: the guard, then one of four steps."""
import os

import boto3


def handler(event, context):
    client = boto3.client("secretsmanager", endpoint_url=os.environ["SECRETS_MANAGER_ENDPOINT"])
    arn, token, step = event["SecretId"], event["ClientRequestToken"], event["Step"]
    described = client.describe_secret(SecretId=arn)
    if not described["RotationEnabled"]:
        raise ValueError("Secret %s is not enabled for rotation" % arn)
    versions = described["VersionIdsToStages"]
    if token not in versions:
        raise ValueError("Secret version %s has no stage for rotation of secret %s." % (token, arn))
    if "AWSCURRENT" in versions[token]:
        return
    if "AWSPENDING" not in versions[token]:
        raise ValueError("Secret version %s not set as AWSPENDING for %s." % (token, arn))
    if step == os.environ.get("FAIL_AT"):
        raise RuntimeError("told to fail at " + step)
    STEPS[step](client, arn, token)


def create_secret(client, arn, token):
    client.get_secret_value(SecretId=arn, VersionStage="AWSCURRENT")
    try:
        client.get_secret_value(SecretId=arn, VersionId=token, VersionStage="AWSPENDING")
    except client.exceptions.ResourceNotFoundException:
        password = client.get_random_password(ExcludePunctuation=True)["RandomPassword"]
        client.put_secret_value(SecretId=arn, ClientRequestToken=token, SecretString=password,
                                VersionStages=["AWSPENDING"])


def use_pending(client, arn, token):
    assert client.get_secret_value(SecretId=arn, VersionId=token,
                                   VersionStage="AWSPENDING")["SecretString"]


def finish_secret(client, arn, token):
    versions = client.describe_secret(SecretId=arn)["VersionIdsToStages"]
    [current] = [v for v, stages in versions.items() if "AWSCURRENT" in stages]
    client.update_secret_version_stage(SecretId=arn, VersionStage="AWSCURRENT",
                                       MoveToVersionId=token, RemoveFromVersionId=current)


STEPS = {"createSecret": create_secret, "setSecret": use_pending, "testSecret": use_pending,
         "finishSecret": finish_secret}
