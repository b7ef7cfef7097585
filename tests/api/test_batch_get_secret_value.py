# SPDX-License-Identifier: Apache-2.0
"""BatchGetSecretValue: many values in one answer; one bad item never fails the call."""
import pytest

from catalogue import (BAD_TOKEN, BATCH_BOTH, BATCH_MAX, BATCH_TWICE, DEL, NAME, NF, clause,
                       invalid, value_at_least, value_at_most, nfs)
from wire import token


def batch(api, **members):
    body = api.ok("BatchGetSecretValue", **members)
    assert set(body) <= {"SecretValues", "Errors", "NextToken"}
    return body


def by_name(*prefixes):
    return {"Filters": [{"Key": "name", "Values": list(prefixes)}]}


def test_values_come_in_the_order_asked_and_errors_is_always_there(own_region):
    made = {n: own_region.create(n, "value of " + n) for n in "abc"}
    body = batch(own_region, SecretIdList=["c", made["a"]["ARN"], "b"])
    assert body["Errors"] == [] and "NextToken" not in body
    assert [v["SecretString"] for v in body["SecretValues"]] == [
        "value of c", "value of a", "value of b"]


def test_an_entry_is_what_get_secret_value_answers(api, secret):
    single = api.ok("GetSecretValue", SecretId=secret.arn)
    assert batch(api, SecretIdList=[secret.name])["SecretValues"] == [single]


def test_binary_values(api, name):
    api.create(name, b"\x00\xff")
    [entry] = batch(api, SecretIdList=[name])["SecretValues"]
    assert entry["SecretBinary"] == "AP8=" and "SecretString" not in entry


def test_bad_items_are_errors_with_the_id_as_given(api, name, secret):
    empty = api.create(name + "/empty", None)
    gone = api.create(name + "/gone")
    api.ok("DeleteSecret", SecretId=gone["ARN"])
    ids = [name + "/none", "bad name", empty["ARN"], gone["Name"], secret.arn]
    body = batch(api, SecretIdList=ids)
    assert [v["ARN"] for v in body["SecretValues"]] == [secret.arn]
    assert body["Errors"] == [
        {"SecretId": id_, "ErrorCode": r.type, "Message": r.text}
        for id_, r in zip(ids, (NF, NAME, nfs("AWSCURRENT"), DEL))]


def test_two_ids_of_one_secret_are_two_answers(api, secret):
    body = batch(api, SecretIdList=[secret.name, secret.arn])
    assert [v["ARN"] for v in body["SecretValues"]] == [secret.arn, secret.arn]


def test_the_same_id_twice_fails_the_call(api, secret):
    api.refused("BatchGetSecretValue", BATCH_TWICE, SecretIdList=[secret.arn, secret.arn])


def test_ids_or_filters_and_not_both(api, secret):
    api.refused("BatchGetSecretValue", BATCH_BOTH)
    api.refused("BatchGetSecretValue", BATCH_BOTH, SecretIdList=[secret.arn], **by_name("x"))


def test_paging_needs_filters(api, secret):
    api.refused("BatchGetSecretValue", BATCH_MAX, SecretIdList=[secret.arn], MaxResults=5)
    reply = api.reply("BatchGetSecretValue", SecretIdList=[secret.arn], NextToken="x")
    assert reply.json["__type"] == "InvalidParameterException"


def test_filters_select_in_the_order_of_list_secrets(own_region):
    for n in ("p/2", "p/1", "q/1"):
        own_region.create(n, n)
    body = batch(own_region, **by_name("p/"))
    assert [v["SecretString"] for v in body["SecretValues"]] == ["p/2", "p/1"]
    assert batch(own_region, **by_name("none")) == {"SecretValues": [], "Errors": []}


def test_filters_skip_scheduled_secrets_and_report_those_without_value(own_region):
    own_region.create("a")
    own_region.create("gone")
    own_region.ok("DeleteSecret", SecretId="gone")
    empty = own_region.create("empty", None)["ARN"]
    body = batch(own_region, **by_name("a", "gone", "empty"))
    assert [v["Name"] for v in body["SecretValues"]] == ["a"]
    missing = nfs("AWSCURRENT")
    assert body["Errors"] == [{"SecretId": empty, "ErrorCode": missing.type,
                               "Message": missing.text}]


def test_pages_join_and_twenty_is_the_default(own_region):
    names = ["s%02d" % i for i in range(23)]
    for n in names:
        own_region.create(n)
    first = batch(own_region, **by_name("s"))
    assert [v["Name"] for v in first["SecretValues"]] == names[:20]
    rest = batch(own_region, NextToken=first["NextToken"], **by_name("s"))
    assert [v["Name"] for v in rest["SecretValues"]] == names[20:] and "NextToken" not in rest
    small = batch(own_region, MaxResults=2, **by_name("s"))
    assert [v["Name"] for v in small["SecretValues"]] == names[:2] and "NextToken" in small


def test_a_bad_token(api):
    api.refused("BatchGetSecretValue", BAD_TOKEN, NextToken="nonsense", **by_name("x"))


def test_twenty_ids_are_the_most(api, name):
    ids = ["%s/%d" % (name, i) for i in range(21)]
    assert len(batch(api, SecretIdList=ids[:20])["Errors"]) == 20
    reply = api.reply("BatchGetSecretValue", SecretIdList=ids)
    assert reply.json["__type"] == "ValidationException"
    assert "'secretIdList'" in reply.json["message"]


@pytest.mark.parametrize("size, breach", [(0, value_at_least(1)), (21, value_at_most(20))])
def test_max_results_is_one_to_twenty(api, size, breach):
    api.refused("BatchGetSecretValue", invalid(clause("maxResults", size, breach)),
                MaxResults=size, **by_name("x"))


def test_each_value_returned_counts_as_an_access(api, name):
    api.create(name)
    api.create(name + "/untouched")
    batch(api, SecretIdList=[name])
    assert "LastAccessedDate" in api.describe(name)
    assert "LastAccessedDate" not in api.describe(name + "/untouched")


def test_it_reads_replicas(replica):
    primary, there = replica
    [entry] = batch(there, SecretIdList=[primary.name])["SecretValues"]
    assert entry["SecretString"] == "v1"


def test_only_the_current_version_is_read(api, secret):
    api.put(secret.arn, "pending", ["AWSPENDING"])
    v3 = api.put(secret.arn, "v3", version=token())
    [entry] = batch(api, SecretIdList=[secret.arn])["SecretValues"]
    assert (entry["SecretString"], entry["VersionId"]) == ("v3", v3)
