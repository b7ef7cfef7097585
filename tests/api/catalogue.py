# SPDX-License-Identifier: Apache-2.0
"""The message catalogue: every refusal as its type, exact text, status and spelling."""
from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class Refusal:
    type: str
    text: Optional[str]         # None: only type and status are fixed
    status: int = 400
    key: str = "Message"        # framework errors spell it "message"


def ipe(text):
    return Refusal("InvalidParameterException", text)


def ire(text):
    return Refusal("InvalidRequestException", text)


def rnf(text):
    return Refusal("ResourceNotFoundException", text)


def rex(text):
    return Refusal("ResourceExistsException", text)


def lex(text):
    return Refusal("LimitExceededException", text)


def mpd(text):
    return Refusal("MalformedPolicyDocumentException", text)


def ade(text):
    return Refusal("AccessDeniedException", text)


def val(text):
    return Refusal("ValidationException", text, key="message")


def serialization(text=None):
    return Refusal("SerializationException", text)


# ---- which secret, which version
NF = rnf("Secrets Manager can't find the specified secret.")
NAME = val("Invalid name. Must be a valid name containing alphanumeric characters, "
           "or any of the following: -/_+=.@!")
DEL = ire("You can't perform this operation on the secret because it was marked for deletion.")
DELC = ire("You can't create this secret because a secret with this name is already scheduled for "
           "deletion.")
DELD = ire("You can't perform this operation on the secret because it was already scheduled for "
           "deletion.")
MIS = ire("You provided a VersionStage that is not associated to the provided VersionId.")


def nfs(label):
    return rnf("Secrets Manager can't find the specified secret value for staging label: " + label)


def nfv(version):
    return rnf("Secrets Manager can't find the specified secret value for VersionId: " + version)


# ---- values and tokens
CRT_TEXT = "You must provide a ClientRequestToken value. We recommend a UUID-type value."
CRT = ire(CRT_TEXT)
CRT_ROTATE = ipe(CRT_TEXT)
BOTH = ipe("You can't specify both a binary secret value and a string secret value in the same "
           "secret.")
NONE = ire("You must provide either SecretString or SecretBinary.")
LABELS = lex("You can't attach more than 20 staging labels to a secret.")


def exists(name):
    return rex("The operation failed because the secret %s already exists." % name)


def token_in_use(tok, arn):
    return rex("You can't use ClientRequestToken %s because that value is already in use for a "
               "version of secret %s." % (tok, arn))


# ---- labels
CUR = ipe("You can only move staging label AWSCURRENT to a different secret version. It can't be "
          "completely removed.")
NO_IDS = ipe("You must provide MoveToVersionId, RemoveFromVersionId, or both.")


def rmv(label, holder):
    return ipe("The parameter RemoveFromVersionId can't be empty. Staging label %s is currently "
               "attached to version %s, so you must explicitly reference that version in "
               "RemoveFromVersionId." % (label, holder))


def rmw(label):
    return ipe("When you move staging label %s, if you specify RemoveFromVersionId, it must be set "
               "to the version that currently has the staging label %s." % (label, label))


# ---- deletion
WIN = ipe("The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).")
WINF = ipe("You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.")

# ---- replication
REP = ipe("Operation not permitted on a replica secret. Call must be made in primary secret's "
          "region.")
REPR = ipe("Invalid replica region.")
NOT_REPLICA = ipe("The secret is not a replica secret.")


def repd(arn, *regions):
    return ipe("You can't delete secret %s that still has replica regions [%s]."
               % (arn, ", ".join(regions)))


# ---- rotation
LAM0 = ire("No Lambda rotation function ARN is associated with this secret.")
LAM1 = ade("Secrets Manager cannot invoke the specified Lambda function. Ensure that the function "
           "policy grants access to the principal secretsmanager.amazonaws.com.")
LAM_ARN = ipe("Invalid rotation Lambda ARN. Ensure the ARN matches format "
              "arn:aws:lambda:<region>:<account>:function:<functionName>.")
ROT = ire("A previous rotation isn't complete. That rotation will be reattempted.")
ROTB = ipe("You cannot specify both rotation frequency and schedule expression together.")
V9 = ipe("Invalid schedule expression.")
V10 = ipe("Rate in hour should be least 4 and less than 24.")
V11 = ipe("Rate in day should be greater than 0 and less than 1000.")
V12 = ipe("Duration must be at least 1 hour, at most 24 hour.")
V13 = ipe("Duration cannot be greater than Rate in hour.")
V14 = ipe("Starting hour and duration must be within a day.")


def v19(tok, arn):
    return ire(token_in_use(tok, arn).text)


# ---- policies
POLS = mpd("This resource policy contains a syntax error.")
POLP = mpd("This resource policy contains an unsupported principal.")
POLV = mpd("This resource policy contains an unsupported service principal.")
POLB = Refusal("PublicPolicyException", "You can't attach a resource-based policy that allows "
               "broad access to the secret.")
KMS = ade("Access to KMS is not allowed")

# ---- passwords
PW1 = ipe("Password length is too short based on the required types.")
PW2 = ipe("All characters of the desired type have been excluded")
PW3 = ipe("All characters have been excluded from selection")

# ---- lists, batches, tags
BAD_TOKEN = Refusal("InvalidNextTokenException", "The NextToken value is invalid.")
FILTER_KEY = ipe("Invalid filter key")
BATCH_BOTH = ipe("Either 'SecretIdList' or 'Filters' must be provided, but not both.")
BATCH_MAX = ipe("'Filters' not specified. 'Filters' must also be specified when 'MaxResults' is "
                "provided.")
BATCH_TWICE = ipe("SecretIdList contains duplicate values.")
TAGS_51 = ipe("You can't attach more than 50 tags to a secret.")
TAGS_AWS = ipe("Tag keys and values that start with aws: are reserved.")
TAGS_TWICE = ipe("The request contains duplicate tag keys.")
TAGS_KEY = ipe("A tag must have a key.")


def filter_values(key):
    return ipe("Invalid filter values for key: " + key)


# ---- the protocol
UNPARSABLE = serialization("Unable to parse the request body.")
UNKNOWN_OPERATION = Refusal("UnknownOperationException", None, 404)
TOO_LARGE = Refusal("RequestEntityTooLargeException", None, 413)


def cannot_convert(found, wanted):
    return serialization("%s cannot be converted to %s" % (found, wanted))


# ---- shape constraints (the clauses of a ValidationException)
def clause(path, value, constraint):
    return "Value '%s' at '%s' failed to satisfy constraint: %s" % (value, path, constraint)


def null(path):
    return "Value null at '%s' failed to satisfy constraint: Member must not be null" % path


def hidden(path, constraint):
    """A sensitive member: its value is left out together with its quotes."""
    return "Value at '%s' failed to satisfy constraint: %s" % (path, constraint)


def length_at_most(limit):
    return "Member must have length less than or equal to %d" % limit


def length_at_least(limit):
    return "Member must have length greater than or equal to %d" % limit


def value_at_most(limit):
    return "Member must have value less than or equal to %d" % limit


def value_at_least(limit):
    return "Member must have value greater than or equal to %d" % limit


def matches(pattern):
    return "Member must satisfy regular expression pattern: " + pattern


def one_of(values):
    return "Member must satisfy enum value set: [%s]" % ", ".join(values)


def invalid(*clauses):
    """The ValidationException that lists these breaches."""
    count = len(clauses)
    head = "%d validation error%s detected: " % (count, "" if count == 1 else "s")
    return val(head + "; ".join(clauses))
