/* SPDX-License-Identifier: Apache-2.0 */
#include "auth/policy_principal.h"

#include <ctype.h>

bool
principal_is_account(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	}
	return s.n == 12;
}

/* Names as IAM has them; wildcards and variables are none. */
static bool
is_path(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c <= 0x20 || c >= 0x7f || strchr("*?$:\"", c) != NULL)
			return false;
	}
	return s.n > 0 && s.p[0] != '/' && s.p[s.n - 1] != '/';
}

static bool
is_named(struct str resource, const char *prefix, size_t slashes)
{
	struct str name = str_skip(resource, strlen(prefix));
	size_t n = 0;

	if (!str_starts(resource, prefix) || !is_path(name))
		return false;
	for (size_t i = 0; i < name.n; i++)
		n += name.p[i] == '/';
	return slashes == SIZE_MAX || n == slashes;
}

static bool
parse_arn_principal(struct str text, struct named_principal *out)
{
	struct str rest = text, part[5] = { STR_NULL };

	for (size_t i = 0; i < 5; i++) {
		if (!str_split(&rest, ':', &part[i]))
			return false;
	}
	if (!str_is(part[0], "arn") || !(str_is(part[1], "aws") || str_starts(part[1], "aws-")) ||
	    !is_path(part[1]) || part[3].n != 0 || !principal_is_account(part[4]))
		return false;
	if (str_is(part[2], "iam") && str_is(rest, "root")) {
		*out = (struct named_principal){ .kind = NAMES_ACCOUNT, .text = part[4] };
		return true;
	}
	*out = (struct named_principal){ .kind = NAMES_ARN, .text = text };
	if (str_is(part[2], "iam"))
		return is_named(rest, "user/", SIZE_MAX) || is_named(rest, "role/", SIZE_MAX);
	return str_is(part[2], "sts") && (is_named(rest, "assumed-role/", 1) ||
	    is_named(rest, "federated-user/", 0));
}

static bool
is_unique_id(struct str s)
{
	if (!str_starts(s, "AIDA") && !str_starts(s, "AROA"))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		if (!isupper((unsigned char)s.p[i]) && !isdigit((unsigned char)s.p[i]))
			return false;
	}
	return s.n >= 16 && s.n <= 128;
}

bool
principal_parse(struct str text, struct named_principal *out)
{
	if (principal_is_account(text) || is_unique_id(text)) {
		*out = (struct named_principal){ .text = text,
			.kind = principal_is_account(text) ? NAMES_ACCOUNT : NAMES_ID };
		return true;
	}
	return parse_arn_principal(text, out);
}

/* The part before ".amazonaws.com": lower-case labels. */
static bool
service_labels(struct str s, struct str *out)
{
	static const char suffix[] = ".amazonaws.com";
	size_t n = sizeof(suffix) - 1;

	if (s.n <= n || memcmp(s.p + s.n - n, suffix, n) != 0)
		return false;
	s.n -= n;
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.'))
			return false;
	}
	*out = s;
	return s.p[0] != '.' && s.p[s.n - 1] != '.';
}

bool
principal_is_service(struct str s)
{
	struct str labels;

	return service_labels(s, &labels);
}

/* us-east-1, ap-southeast-2, us-gov-west-1 */
static bool
is_region(struct str s)
{
	size_t dashes = 0;

	for (size_t i = 0; i < s.n; i++)
		dashes += s.p[i] == '-';
	return s.n >= 9 && dashes >= 2 && s.p[2] == '-' && isdigit((unsigned char)s.p[s.n - 1]);
}

bool
principal_is_known_service(struct str s)
{
	static const char *const known[] = {
		"acm", "acm-pca", "airflow", "airflow-env", "amplify", "apigateway", "appflow",
		"application-autoscaling", "apprunner", "appstream", "appsync", "athena",
		"autoscaling", "backup", "batch", "bedrock", "build.apprunner",
		"cloudformation", "cloudfront", "cloudtrail", "cloudwatch", "codebuild",
		"codecommit", "codedeploy", "codepipeline", "codestar", "cognito-idp", "config",
		"connect", "databrew", "datapipeline", "datasync", "dax", "delivery.logs", "dms",
		"ds", "dynamodb", "ec2", "ecr", "ecs", "ecs-tasks", "edgelambda", "eks",
		"eks-fargate-pods", "elasticache", "elasticbeanstalk", "elasticfilesystem",
		"elasticloadbalancing", "elasticmapreduce", "elastictranscoder", "emr-serverless",
		"es", "events", "finspace", "firehose", "fsx", "gamelift", "glue", "grafana",
		"greengrass", "guardduty", "imagebuilder", "inspector", "inspector2", "iot",
		"ivs", "kafka", "kafkaconnect", "kendra", "kinesis", "kinesisanalytics", "kms",
		"lakeformation", "lambda", "lex", "lexv2", "lightsail", "logs",
		"mediaconnect", "mediaconvert", "medialive", "mediapackage", "memorydb",
		"monitoring", "mq", "mwaa", "omics", "opensearchservice", "opsworks",
		"organizations", "osis.pipelines", "pipes", "pods.eks", "quicksight", "ram", "rds",
		"redshift", "redshift-serverless", "rekognition", "robomaker", "rolesanywhere",
		"route53", "s3", "sagemaker", "scheduler", "secretsmanager", "securityhub",
		"serverlessrepo", "servicecatalog", "ses", "sms", "sns", "spotfleet", "sqs", "ssm",
		"states", "storagegateway", "sts", "support", "swf", "tasks.apprunner", "textract",
		"timestream", "transcribe", "transfer", "vpc-flow-logs", "workspaces", "xray",
	};
	struct str name, rest, last;

	if (!service_labels(s, &name))
		return false;
	rest = name;
	last = name;
	while (str_split(&rest, '.', &last))
		;
	if (last.n < name.n && is_region(last))
		name.n -= last.n + 1;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (str_is(name, known[i]))
			return true;
	}
	return false;
}
