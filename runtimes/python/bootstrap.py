# SPDX-License-Identifier: Apache-2.0
"""The Python side of the Lambda Runtime API (docs: pawl-functions(7)).

Finds the handler that _HANDLER names, then asks for events one by one, calls the handler and sends
back what it returned or raised. Only the standard library, so that it can never be the reason why
a function does not import. Error types and texts are those of AWS's own runtime, because people
and tools match on them.
"""
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
from decimal import Decimal

API = '/2018-06-01/runtime'
JSON_TYPE = 'application/json'


class Fault(Exception):
    """A failure of the runtime itself, with its type."""

    def __init__(self, kind, message, trace=None):
        super().__init__(message)
        self.kind = kind
        self.trace = trace or []


class Context:
    """What a handler is told about its invocation."""

    def __init__(self, headers):
        env = os.environ
        self.aws_request_id = headers.get('Lambda-Runtime-Aws-Request-Id', '')
        self.invoked_function_arn = headers.get('Lambda-Runtime-Invoked-Function-Arn', '')
        self.function_name = env.get('AWS_LAMBDA_FUNCTION_NAME', '')
        self.function_version = env.get('AWS_LAMBDA_FUNCTION_VERSION', '')
        self.memory_limit_in_mb = env.get('AWS_LAMBDA_FUNCTION_MEMORY_SIZE', '')
        self.log_group_name = env.get('AWS_LAMBDA_LOG_GROUP_NAME', '')
        self.log_stream_name = env.get('AWS_LAMBDA_LOG_STREAM_NAME', '')
        self.identity = None
        self.client_context = read_client_context(headers)
        self._deadline_ms = int(headers.get('Lambda-Runtime-Deadline-Ms') or 0)

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))


def read_client_context(headers):
    text = headers.get('Lambda-Runtime-Client-Context')
    if not text:
        return None
    try:
        return json.loads(text)
    except ValueError as e:
        raise Fault('Runtime.LambdaContextUnmarshalError',
                    f'Unable to parse Client Context JSON: {e}') from None


# ---- the API

class Client:
    """One kept-alive connection; requests follow each other."""

    def __init__(self, address):
        self.conn = http.client.HTTPConnection(address)

    def next(self):
        self.conn.request('GET', f'{API}/invocation/next')
        answer = self.conn.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise RuntimeError(f'next: {answer.status} {body!r}')
        return answer.headers, body

    def post(self, path, body, headers=None):
        sys.stdout.flush()      # what was printed belongs to this invocation
        self.conn.request('POST', API + path, body, {'Content-Type': JSON_TYPE, **(headers or {})})
        answer = self.conn.getresponse()
        answer.read()
        return answer.status

    def post_error(self, path, error):
        # A message may hold what UTF-8 cannot.
        body = json.dumps(error, ensure_ascii=True).encode()
        self.post(path, body, {'Lambda-Runtime-Function-Error-Type': error['errorType']})


# ---- errors

def strip_own_frames(trace):
    """The frames of the function only."""
    here = os.path.abspath(__file__)
    return [f for f in trace
            if os.path.abspath(f.filename) != here and not f.filename.startswith('<frozen')]


def describe(exc, request_id):
    """An exception as the API wants it."""
    if isinstance(exc, Fault):
        kind, trace = exc.kind, exc.trace
    else:
        kind = type(exc).__name__
        trace = traceback.format_list(strip_own_frames(traceback.extract_tb(exc.__traceback__)))
    return {'errorMessage': str(exc), 'errorType': kind, 'requestId': request_id,
            'stackTrace': trace}


def log_error(error):
    """One record, its lines joined by carriage returns, as log readers expect of Lambda."""
    lines = [f"[ERROR] {error['errorType']}: {error['errorMessage']}"]
    if error['stackTrace']:
        lines.append('Traceback (most recent call last):')
        for frame in error['stackTrace']:
            lines += frame.rstrip('\n').split('\n')
    print('\r'.join(lines), flush=True)


# ---- logging

class RequestFilter(logging.Filter):
    request_id = ''

    def filter(self, record):
        record.aws_request_id = self.request_id
        return True


def set_up_logging():
    handler = logging.StreamHandler(sys.stdout)
    formatter = logging.Formatter(
        '[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s',
        '%Y-%m-%dT%H:%M:%S')
    formatter.converter = time.gmtime
    request = RequestFilter()
    handler.setFormatter(formatter)
    handler.addFilter(request)
    logging.getLogger().addHandler(handler)
    return request


# ---- the handler

def load_handler(text):
    try:
        module_name, function_name = text.rsplit('.', 1)
    except ValueError as e:
        raise Fault('Runtime.MalformedHandlerName', f"Bad handler '{text}': {e}") from None
    module_name = module_name.replace('/', '.')
    try:
        module = importlib.import_module(module_name)
    except ImportError as e:
        raise Fault('Runtime.ImportModuleError',
                    f"Unable to import module '{module_name}': {e}") from None
    except SyntaxError as e:
        trace = [f'  File "{e.filename}" Line {e.lineno}\n    {(e.text or "").strip()}\n']
        raise Fault('Runtime.UserCodeSyntaxError',
                    f"Syntax error in module '{module_name}': {e}", trace) from None
    try:
        return getattr(module, function_name)
    except AttributeError:
        raise Fault('Runtime.HandlerNotFound',
                    f"Handler '{function_name}' missing on module '{module_name}'") from None


def to_json(value):
    def default(v):
        if isinstance(v, Decimal):
            return float(v)
        raise TypeError(f'Object of type {type(v).__name__} is not JSON serializable')
    try:
        return json.dumps(value, ensure_ascii=False, default=default).encode()
    except Exception as e:
        raise Fault('Runtime.MarshalError', f'Unable to marshal response: {e}') from None


def from_json(body):
    try:
        return json.loads(body)
    except ValueError as e:
        raise Fault('Runtime.UnmarshalError', f'Unable to unmarshal input: {e}') from None


def run_once(client, handler, request_filter):
    headers, body = client.next()
    request_id = headers.get('Lambda-Runtime-Aws-Request-Id', '')
    request_filter.request_id = request_id
    os.environ['_X_AMZN_TRACE_ID'] = headers.get('Lambda-Runtime-Trace-Id', '')
    try:
        result = to_json(handler(from_json(body), Context(headers)))
    except Exception as e:      # SystemExit and KeyboardInterrupt end the process, as in Lambda
        error = describe(e, request_id)
        log_error(error)
        client.post_error(f'/invocation/{request_id}/error', error)
    else:
        client.post(f'/invocation/{request_id}/response', result)


def warn_of_version():
    """The function asked for one version of Python and gets the machine's."""
    here = f'python{sys.version_info[0]}.{sys.version_info[1]}'
    asked = os.environ.get('AWS_EXECUTION_ENV', '').replace('AWS_Lambda_', '')
    if asked not in ('', here):
        print(f'[WARNING] {asked} was asked for, this is {here}')


def main():
    sys.stdout.reconfigure(line_buffering=True, errors='backslashreplace')
    sys.stderr.reconfigure(line_buffering=True, errors='backslashreplace')
    client = Client(os.environ['AWS_LAMBDA_RUNTIME_API'])
    request_filter = set_up_logging()
    warn_of_version()
    sys.path[0] = os.environ['LAMBDA_TASK_ROOT']     # was this file's folder
    try:
        handler = load_handler(os.environ['_HANDLER'])
    except Exception as e:
        error = describe(e, '')
        log_error(error)
        client.post_error('/init/error', error)
        sys.exit(1)
    while True:
        run_once(client, handler, request_filter)


if __name__ == '__main__':
    main()
