# SPDX-License-Identifier: Apache-2.0
"""What a rotation function sees of pawl: the Lambda Runtime API and five calls of Secrets Manager.

A test double for this suite alone. It keeps the label rules of spec/rotation.md 2.1 and refuses
what the real server refuses, so that a rotator that leans on more than its rights fails here too.
"""
import hashlib
import hmac
import http.server
import json
import queue
import secrets as random
import ssl
import string
import threading
import uuid
from urllib.parse import quote

KEY_ID, KEY, TOKEN = 'ASIATESTTESTTESTTEST', 'secret/access+key', 'session/token=='
REGION = 'eu-west-1'


class Refused(Exception):
    def __init__(self, kind, message):
        super().__init__(f'{kind}: {message}')
        self.kind, self.message = kind, message


class Secret:
    def __init__(self, name, value=None):
        suffix = ''.join(random.choice(string.ascii_letters) for _ in range(6))
        self.arn = f'arn:aws:secretsmanager:{REGION}:123456789012:secret:{name}-{suffix}'
        self.rotation_enabled = True
        self.values, self.labels = {}, {}       # version id -> text, label -> version id
        if value is not None:
            self.put(str(uuid.uuid4()), value, ['AWSCURRENT'])

    def put(self, token, value, stages):
        if self.values.get(token, value) != value:
            raise Refused('ResourceExistsException',
                          f"You can't use ClientRequestToken {token} because that value is already in use "
                          f'for a version of secret {self.arn}.')
        self.values[token] = value
        for stage in stages:
            self.move(stage, token)

    def move(self, stage, to):
        old = self.labels.get(stage)
        self.labels[stage] = to
        if stage == 'AWSCURRENT' and old not in (None, to):
            self.labels['AWSPREVIOUS'] = old

    def begin(self, token=None):
        """What RotateSecret commits: an empty version that carries AWSPENDING."""
        token = token or str(uuid.uuid4())
        self.labels['AWSPENDING'] = token
        return token

    def value(self, stage='AWSCURRENT'):
        return self.values[self.labels[stage]]

    def json(self, stage='AWSCURRENT'):
        return json.loads(self.value(stage))

    def stages(self):
        out = {}
        for label, version in self.labels.items():
            out.setdefault(version, []).append(label)
        return {version: sorted(labels) for version, labels in out.items()}


class SecretsManager:
    """An HTTP server that checks every signature. `calls` is what was asked, in order."""

    def __init__(self, tls=None):
        self.secrets, self.calls = {}, []
        self.fail_next = []             # Refused or an HTTP status, for the calls to come
        self.rotation_token = None      # when set: what PutSecretValue must bring
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls.certificate, tls.key)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f'http{"s" if tls else ""}://127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def add(self, name, value=None):
        if value is not None and not isinstance(value, str):
            value = json.dumps(value)
        secret = Secret(name, value)
        self.secrets[secret.arn] = secret
        return secret

    def _find(self, r):
        secret = self.secrets.get(r['SecretId'])
        if secret is None:
            raise Refused('ResourceNotFoundException', "Secrets Manager can't find the specified secret.")
        return secret

    def DescribeSecret(self, r):
        s = self._find(r)
        return {'ARN': s.arn, 'RotationEnabled': s.rotation_enabled, 'VersionIdsToStages': s.stages()}

    def GetSecretValue(self, r):
        s = self._find(r)
        stage, version = r['VersionStage'], r.get('VersionId')
        holder = s.labels.get(stage)
        wanted = version or holder
        if wanted not in s.values:
            what = f'VersionId: {version}' if version else f'staging label: {stage}'
            raise Refused('ResourceNotFoundException',
                          f"Secrets Manager can't find the specified secret value for {what}")
        if holder != wanted:
            raise Refused('InvalidRequestException',
                          'You provided a VersionStage that is not associated to the provided VersionId.')
        return {'ARN': s.arn, 'VersionId': wanted, 'SecretString': s.values[wanted]}

    def GetRandomPassword(self, r):
        allowed = set(string.printable[:94]) - set(r['ExcludeCharacters'])
        types = []
        for flag, alphabet in (('Lowercase', string.ascii_lowercase), ('Uppercase', string.ascii_uppercase),
                               ('Numbers', string.digits), ('Punctuation', string.punctuation)):
            if not r['Exclude' + flag]:
                types.append(sorted(allowed & set(alphabet)))
        while True:
            out = ''.join(random.choice(sum(types, [])) for _ in range(r['PasswordLength']))
            if not r['RequireEachIncludedType'] or all(set(t) & set(out) for t in types):
                return {'RandomPassword': out}

    def PutSecretValue(self, r):
        s = self._find(r)
        if self.rotation_token is not None and r.get('RotationToken') != self.rotation_token:
            raise Refused('AccessDeniedException', 'wrong RotationToken')
        s.put(r['ClientRequestToken'], r['SecretString'], r['VersionStages'])
        return {'ARN': s.arn, 'VersionId': r['ClientRequestToken']}

    def UpdateSecretVersionStage(self, r):
        s = self._find(r)
        holder = s.labels.get(r['VersionStage'])
        if holder is not None and r.get('RemoveFromVersionId') != holder:
            raise Refused('InvalidParameterException', "The parameter RemoveFromVersionId can't be empty.")
        s.move(r['VersionStage'], r['MoveToVersionId'])
        return {'ARN': s.arn}

    def _handler(double):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            wbufsize = -1       # one packet an answer; two would wait for a delayed ACK

            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                status, answer = double._answer(self, body)
                out = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header('Content-Type', 'application/x-amz-json-1.1')
                self.send_header('Content-Length', str(len(out)))
                self.end_headers()
                self.wfile.write(out)
        return Handler

    def _answer(self, request, body):
        operation = request.headers['X-Amz-Target'].split('.')[1]
        self.calls.append(operation)
        try:
            if not signature_is_good(request, body):
                raise Refused('InvalidSignatureException', 'The request signature does not match.')
            if self.fail_next:
                failure = self.fail_next.pop(0)
                if isinstance(failure, int):
                    return failure, {'message': 'not now'}
                if failure is not None:
                    raise failure
            return 200, getattr(self, operation)(json.loads(body))
        except Refused as refused:
            return 400, {'__type': refused.kind, 'Message': refused.message}


def signature_is_good(request, body):
    """Signature Version 4 worked out anew, from its definition."""
    scheme, rest = request.headers['Authorization'].split(' ', 1)
    part = dict(p.strip().split('=', 1) for p in rest.split(','))
    key_id, day, region, service, _ = part['Credential'].split('/')
    names = part['SignedHeaders'].split(';')
    if (scheme, key_id, region, service) != ('AWS4-HMAC-SHA256', KEY_ID, REGION, 'secretsmanager'):
        return False
    if not {'host', 'x-amz-date', 'x-amz-security-token', 'x-amz-target'} <= set(names):
        return False
    if request.headers['X-Amz-Security-Token'] != TOKEN:
        return False
    canonical = '\n'.join(['POST', quote(request.path), '',
                           *[f'{n}:{" ".join(request.headers[n].split())}' for n in names], '',
                           ';'.join(names), hashlib.sha256(body).hexdigest()])
    to_sign = '\n'.join(['AWS4-HMAC-SHA256', request.headers['X-Amz-Date'],
                         f'{day}/{region}/{service}/aws4_request',
                         hashlib.sha256(canonical.encode()).hexdigest()])
    key = ('AWS4' + KEY).encode()
    for piece in (day, region, service, 'aws4_request'):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest() == part['Signature']


class RuntimeApi:
    """Hands out one event at a time and waits for its result."""

    def __init__(self):
        self.events, self.results = queue.Queue(), queue.Queue()
        self.init_error = None
        self.closing = threading.Event()
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), self._handler())
        self.server.daemon_threads = True
        self.address = f'127.0.0.1:{self.server.server_port}'
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()

    def _next(self):
        while not self.closing.is_set():
            try:
                return self.events.get(timeout=0.1)
            except queue.Empty:
                pass
        return None

    def _handler(double):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'
            wbufsize = -1       # one packet an answer; two would wait for a delayed ACK
            running = None

            def log_message(self, *_):
                pass

            def reply(self, status, body=b'{"status":"OK"}', **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace('_', '-'), value)
                self.send_header('Content-Length', str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_GET(self):
                assert self.path == '/2018-06-01/runtime/invocation/next'
                event = double._next()
                if event is None:
                    return self.reply(403)
                self.reply(200, event, Content_Type='application/json',
                           Lambda_Runtime_Aws_Request_Id=str(uuid.uuid4()),
                           Lambda_Runtime_Deadline_Ms='9999999999999')

            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                kind = self.path.rsplit('/', 1)[1]
                self.reply(202)
                if self.path.endswith('/init/error'):
                    double.init_error = json.loads(body)
                double.results.put((kind, json.loads(body)))
        return Handler
