# SPDX-License-Identifier: Apache-2.0
"""A function for direct invocation: answers, fails, dies or dawdles as its event says."""
import os
import sys
import time


def handler(event, context):
    if not isinstance(event, dict):
        return event
    if "raise" in event:
        raise ValueError(event["raise"])
    if "exit" in event:
        os._exit(event["exit"])
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "print" in event:
        print(event["print"])
    if "env" in event:
        return {k: os.environ.get(k) for k in event["env"]}
    if "environ" in event:
        return sorted(os.environ)
    if "read" in event:
        with open(event["read"]) as f:
            return f.read()
    if "object" in event:
        return object()
    if "context" in event:
        return {"id": context.aws_request_id, "name": context.function_name,
                "arn": context.invoked_function_arn, "memory": context.memory_limit_in_mb,
                "version": context.function_version, "left": context.get_remaining_time_in_millis()}
    if "large" in event:
        return "x" * event["large"]
    if "pid" in event:
        return [os.getpid(), sys.version_info[0]]
    return event
