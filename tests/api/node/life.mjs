// SPDX-License-Identifier: Apache-2.0
// A secret's whole life through the stock JavaScript client. argv: endpoint, name, function ARN.
import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import * as sm from "@aws-sdk/client-secrets-manager";

const [endpoint, name, functionArn] = process.argv.slice(2);
const client = new sm.SecretsManagerClient({ endpoint, maxAttempts: 1 });
let checks = 0;

const call = (op, input) => client.send(new sm[op + "Command"](input));

async function check(what, body) {
	try {
		await body();
		checks++;
	} catch (e) {
		e.message = `${what}: ${e.message}`;
		throw e;
	}
}

// The class the SDK raises, the text it shows, and the metadata it reads from headers.
async function refused(promise, type, text) {
	await assert.rejects(promise, (e) => {
		assert.equal(e.name, type);
		assert.equal(e.message, text);
		assert.equal(e.$metadata.httpStatusCode, 400);
		assert.match(e.$metadata.requestId, /^[0-9a-f-]{36}$/);
		return true;
	});
}

const NF = "Secrets Manager can't find the specified secret.";
let arn, first;

await check("create fills in a token, which becomes the version", async () => {
	const made = await call("CreateSecret", { Name: name, SecretString: "v1 \u{1f511}\0", Description: "d" });
	assert.match(made.ARN, new RegExp(`^arn:aws:secretsmanager:us-east-1:\\d{12}:secret:${name}-[A-Za-z0-9]{6}$`));
	({ ARN: arn, VersionId: first } = made);
	assert.match(first, /^[0-9a-f-]{36}$/);
});
await check("a second create of the name", async () => {
	await refused(call("CreateSecret", { Name: name, SecretString: "x" }), "ResourceExistsException",
		`The operation failed because the secret ${name} already exists.`);
});
await check("dates arrive as dates and strings as sent", async () => {
	const got = await call("GetSecretValue", { SecretId: name });
	assert.equal(got.SecretString, "v1 \u{1f511}\0");
	assert.ok(got.CreatedDate instanceof Date && Math.abs(Date.now() - got.CreatedDate) < 60000);
	assert.deepEqual(got.VersionStages, ["AWSCURRENT"]);
	assert.equal(got.SecretBinary, undefined);
});
await check("binary values are bytes", async () => {
	const put = await call("PutSecretValue", { SecretId: arn, SecretBinary: Uint8Array.of(0, 255, 16) });
	assert.deepEqual(put.VersionStages, ["AWSCURRENT"]);
	const got = await call("GetSecretValue", { SecretId: arn });
	assert.deepEqual([...got.SecretBinary], [0, 255, 16]);
	assert.equal(got.SecretString, undefined);
});
await check("labels move", async () => {
	const current = (await call("GetSecretValue", { SecretId: arn })).VersionId;
	await call("UpdateSecretVersionStage", { SecretId: arn, VersionStage: "AWSCURRENT",
		MoveToVersionId: first, RemoveFromVersionId: current });
	const shown = await call("DescribeSecret", { SecretId: arn });
	assert.deepEqual(shown.VersionIdsToStages, { [first]: ["AWSCURRENT"], [current]: ["AWSPREVIOUS"] });
	assert.equal(shown.Tags, undefined);
	assert.equal(shown.RotationEnabled, undefined);
});
await check("tags: an empty answer is no error", async () => {
	await call("TagResource", { SecretId: arn, Tags: [{ Key: "k", Value: "v" }, { Key: "l", Value: "" }] });
	await call("UntagResource", { SecretId: arn, TagKeys: ["k"] });
	assert.deepEqual((await call("DescribeSecret", { SecretId: arn })).Tags, [{ Key: "l", Value: "" }]);
});
await check("update", async () => {
	const updated = await call("UpdateSecret", { SecretId: arn, Description: "new" });
	assert.equal(updated.VersionId, undefined);
	assert.equal((await call("DescribeSecret", { SecretId: arn })).Description, "new");
});
await check("versions in pages", async () => {
	const seen = [];
	for await (const page of sm.paginateListSecretVersionIds({ client, pageSize: 1 },
		{ SecretId: arn, IncludeDeprecated: true }))
		seen.push(...page.Versions);
	assert.equal(seen.length, 2);
	assert.equal(seen[0].VersionId, first);
});
await check("the list, filtered and in pages", async () => {
	await call("CreateSecret", { Name: name + "/2", SecretString: "x" });
	const seen = [];
	for await (const page of sm.paginateListSecrets({ client, pageSize: 1 },
		{ Filters: [{ Key: "name", Values: [name] }], SortOrder: "asc" }))
		seen.push(...page.SecretList.map((s) => s.Name));
	assert.deepEqual(seen, [name, name + "/2"]);
});
await check("a batch with one that is missing", async () => {
	const got = await call("BatchGetSecretValue", { SecretIdList: [name, name + "/none"] });
	assert.equal(got.SecretValues[0].Name, name);
	assert.deepEqual(got.Errors, [{ SecretId: name + "/none", ErrorCode: "ResourceNotFoundException", Message: NF }]);
});
await check("a policy", async () => {
	const policy = JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Deny", Principal: "*",
		Action: "secretsmanager:ReplicateSecretToRegions", Resource: "*" }] });
	await call("PutResourcePolicy", { SecretId: arn, ResourcePolicy: policy, BlockPublicPolicy: true });
	assert.equal((await call("GetResourcePolicy", { SecretId: arn })).ResourcePolicy, policy);
	await call("DeleteResourcePolicy", { SecretId: arn });
	const checked = await call("ValidateResourcePolicy", { ResourcePolicy: policy });
	assert.equal(checked.PolicyValidationPassed, true);
});
await check("a password", async () => {
	const { RandomPassword } = await call("GetRandomPassword", { PasswordLength: 40, ExcludePunctuation: true });
	assert.match(RandomPassword, /^[A-Za-z0-9]{40}$/);
});
await check("a rotation", async () => {
	const { VersionId } = await call("RotateSecret", { SecretId: arn, RotationLambdaARN: functionArn,
		RotationRules: { ScheduleExpression: "rate(10 days)", Duration: "2h" } });
	const deadline = Date.now() + 20000;
	let shown;
	do {
		assert.ok(Date.now() < deadline, "no LastRotatedDate");
		await pause(20);
		shown = await call("DescribeSecret", { SecretId: arn });
	} while (shown.LastRotatedDate === undefined);
	assert.deepEqual(shown.VersionIdsToStages[VersionId], ["AWSCURRENT", "AWSPENDING"]);
	assert.deepEqual(shown.RotationRules,
		{ AutomaticallyAfterDays: 10, Duration: "2h", ScheduleExpression: "rate(10 days)" });
	assert.ok(shown.NextRotationDate > new Date());
	await call("CancelRotateSecret", { SecretId: arn });
	assert.equal((await call("DescribeSecret", { SecretId: arn })).RotationEnabled, false);
});
await check("replicas", async () => {
	await call("ReplicateSecretToRegions", { SecretId: arn, AddReplicaRegions: [{ Region: "eu-west-1" }] });
	const there = new sm.SecretsManagerClient({ endpoint, region: "eu-west-1", maxAttempts: 1 });
	const copy = await there.send(new sm.GetSecretValueCommand({ SecretId: name }));
	assert.equal(copy.ARN, arn.replace("us-east-1", "eu-west-1"));
	await there.send(new sm.StopReplicationToReplicaCommand({ SecretId: name }));
	await there.send(new sm.DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
	there.destroy();
});
await check("shape errors have no class of their own", async () => {
	await refused(call("DescribeSecret", { SecretId: "bad name" }), "ValidationException",
		"Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!");
});
await check("delete, look, restore, delete for good", async () => {
	const { DeletionDate } = await call("DeleteSecret", { SecretId: arn, RecoveryWindowInDays: 7 });
	assert.ok(Math.abs(DeletionDate - Date.now() - 7 * 86400000) < 60000);
	await refused(call("GetSecretValue", { SecretId: arn }), "InvalidRequestException",
		"You can't perform this operation on the secret because it was marked for deletion.");
	await call("RestoreSecret", { SecretId: arn });
	await call("DeleteSecret", { SecretId: arn, ForceDeleteWithoutRecovery: true });
	await refused(call("DescribeSecret", { SecretId: arn }), "ResourceNotFoundException", NF);
	await assert.rejects(call("GetSecretValue", { SecretId: arn }), sm.ResourceNotFoundException);
});
client.destroy();
console.log(`${checks} passed`);
