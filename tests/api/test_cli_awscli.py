# SPDX-License-Identifier: Apache-2.0
"""The stock AWS CLI through a secret's whole life, as a person would type it."""
import json
import subprocess

import pytest

from rotating import rotated

AWS = "/usr/bin/aws"


@pytest.fixture
def aws(server):
    """Runs `aws secretsmanager ...`; returns what it prints, parsed when it is JSON."""
    def run(*words, text=False):
        done = subprocess.run([AWS, "--endpoint-url", server.url, "secretsmanager", *words],
                              env=server.environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, "%s: %s" % (" ".join(words), done.stderr)
        return json.loads(done.stdout) if done.stdout.strip() and not text else done.stdout
    return run


@pytest.fixture
def refused(server):
    """Runs a command that must fail; returns what it says."""
    def run(*words):
        done = subprocess.run([AWS, "--endpoint-url", server.url, "secretsmanager", *words],
                              env=server.environment(), capture_output=True, text=True, timeout=60)
        assert done.returncode == 254, (done.returncode, done.stdout)
        return done.stderr.strip()
    return run


def test_values_and_versions(aws, refused, name, tmp_path):
    made = aws("create-secret", "--name", name, "--secret-string", "v1", "--description", "d",
               "--tags", "Key=team,Value=blue")
    assert made["Name"] == name and len(made["VersionId"]) == 36
    assert refused("create-secret", "--name", name, "--secret-string", "v1") == (
        "An error occurred (ResourceExistsException) when calling the CreateSecret operation: "
        "The operation failed because the secret %s already exists." % name)
    value = ("get-secret-value", "--secret-id", name, "--query", "SecretString", "--output", "text")
    assert aws(*value, text=True) == "v1\n"

    blob = tmp_path / "blob"
    blob.write_bytes(bytes(range(256)))
    put = aws("put-secret-value", "--secret-id", name, "--secret-binary", "fileb://%s" % blob)
    assert put["VersionStages"] == ["AWSCURRENT"]
    got = aws("get-secret-value", "--secret-id", name)
    assert got["VersionId"] == put["VersionId"] and got["SecretBinary"].startswith("AAECAwQF")

    aws("update-secret-version-stage", "--secret-id", name, "--version-stage", "AWSCURRENT",
        "--move-to-version-id", made["VersionId"], "--remove-from-version-id", put["VersionId"])
    assert aws(*value, text=True) == "v1\n"
    assert refused("get-secret-value", "--secret-id", name, "--version-stage", "AWSPENDING") == (
        "An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: "
        "Secrets Manager can't find the specified secret value for staging label: AWSPENDING")
    listed = aws("list-secret-version-ids", "--secret-id", name, "--include-deprecated")
    assert len(listed["Versions"]) == 2


def test_metadata_and_deletion(aws, refused, name):
    aws("create-secret", "--name", name, "--secret-string", "v1")
    aws("update-secret", "--secret-id", name, "--description", "new")
    assert aws("tag-resource", "--secret-id", name, "--tags", "Key=k,Value=v", text=True) == ""
    assert aws("untag-resource", "--secret-id", name, "--tag-keys", "k", text=True) == ""
    shown = aws("describe-secret", "--secret-id", name)
    assert shown["Description"] == "new" and shown["Tags"] == []
    listed = aws("list-secrets", "--filters", "Key=name,Values=" + name)
    assert [s["Name"] for s in listed["SecretList"]] == [name]
    aws("delete-secret", "--secret-id", name, "--recovery-window-in-days", "7")
    assert "because it was marked for deletion" in refused("get-secret-value", "--secret-id", name)
    aws("restore-secret", "--secret-id", name)
    aws("delete-secret", "--secret-id", name, "--force-delete-without-recovery")
    assert refused("describe-secret", "--secret-id", name) == (
        "An error occurred (ResourceNotFoundException) when calling the DescribeSecret operation: "
        "Secrets Manager can't find the specified secret.")


def test_rotation(aws, refused, api, name, generic):
    aws("create-secret", "--name", name, "--secret-string", "v1")
    assert "(InvalidRequestException)" in refused("rotate-secret", "--secret-id", name)
    body = aws("rotate-secret", "--secret-id", name, "--rotation-lambda-arn", generic,
               "--rotation-rules", '{"ScheduleExpression":"rate(10 days)"}')
    rotated(api, name)
    shown = aws("describe-secret", "--secret-id", name)
    assert shown["VersionIdsToStages"][body["VersionId"]] == ["AWSCURRENT", "AWSPENDING"]
    assert shown["RotationEnabled"] is True and shown["NextRotationDate"]
    aws("cancel-rotate-secret", "--secret-id", name)


def test_passwords_policies_and_replicas(aws, name):
    made = aws("get-random-password", "--password-length", "20", "--require-each-included-type")
    assert len(made["RandomPassword"]) == 20
    aws("create-secret", "--name", name, "--secret-string", "v1", "--add-replica-regions",
        "Region=eu-west-1")
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:RotateSecret",
        "Resource": "*"}]})
    aws("put-resource-policy", "--secret-id", name, "--resource-policy", policy)
    assert aws("get-resource-policy", "--secret-id", name)["ResourcePolicy"] == policy
    aws("delete-resource-policy", "--secret-id", name)
    assert aws("validate-resource-policy", "--resource-policy", policy)["PolicyValidationPassed"]
    there = aws("get-secret-value", "--secret-id", name, "--region", "eu-west-1")
    assert ":eu-west-1:" in there["ARN"]
    left = aws("remove-regions-from-replication", "--secret-id", name,
               "--remove-replica-regions", "eu-west-1")
    assert left["ReplicationStatus"] == []
