# SPDX-License-Identifier: Apache-2.0
"""What the example functions rotate: an HTTP service with one user, "app", on 127.0.0.1:8099.
GET asks whether a password is right, PUT changes it. The first password is "first"."""
import base64
from http.server import BaseHTTPRequestHandler, HTTPServer

password = 'first'

class Service(BaseHTTPRequestHandler):
    def answer(self, status):
        self.send_response(status)
        self.send_header('Content-Length', '0')
        self.end_headers()

    def is_right(self):
        want = base64.b64encode(f'app:{password}'.encode()).decode()
        return self.headers.get('Authorization') == 'Basic ' + want

    def do_GET(self):
        self.answer(200 if self.is_right() else 401)

    def do_PUT(self):
        global password
        new = self.rfile.read(int(self.headers.get('Content-Length', 0)))
        if not self.is_right():
            return self.answer(401)
        password = new.decode()
        self.answer(200)

HTTPServer(('127.0.0.1', 8099), Service).serve_forever()
