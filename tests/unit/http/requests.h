/* SPDX-License-Identifier: Apache-2.0 */
/*
 * requests.h - requests that must be refused, and unusual ones that must not be. strict_test.c
 * sends each to a server; fuzz/corpus/http_head holds the same bytes, one file a row.
 */
#pragma once
#include "base/str.h"

struct bad_request {
	const char *name;
	struct str bytes;
	int status;
};

struct good_request {
	const char *name;
	struct str bytes;
	const char *body;
};

#define BYTES(z) { (z), sizeof(z) - 1 }
#define LINE "POST / HTTP/1.1\r\n"
#define HOST "Host: h\r\n"
#define END "\r\n"
/* What a smuggler would hide behind the first request. */
#define HIDDEN "GET /hidden HTTP/1.1\r\nHost: h\r\n\r\n"
#define BAD(name, bytes) { name, BYTES(bytes), 400 }
#define BAD_TARGET(name, target) { name, BYTES("GET " target " HTTP/1.1\r\n" HOST END), 400 }
#define BAD_FIELD(name, field) { name, BYTES(LINE HOST field END), 400 }
#define BAD_HOST(name, host) { name, BYTES(LINE "Host:" host "\r\n" END), 400 }
#define BAD_CHUNKS(name, body) { name, BYTES(LINE HOST "Transfer-Encoding: chunked\r\n\r\n" body), 400 }
#define GOOD(name, bytes, body) { name, BYTES(bytes), body }
#define GOOD_TARGET(name, target) { name, BYTES("GET " target " HTTP/1.1\r\n" HOST END), "" }
#define GOOD_FIELD(name, field) { name, BYTES(LINE HOST field END), "" }
#define GOOD_CHUNKS(name, raw, body) \
	{ name, BYTES(LINE HOST "Transfer-Encoding: chunked\r\n\r\n" raw), body }

static const struct bad_request bad_requests[] = {
	/* the request line */
	BAD("no version", "GET /\r\n\r\n"),
	BAD("HTTP/1.0", "GET / HTTP/1.0\r\n" HOST END),
	BAD("HTTP/0.9 spelled out", "GET / HTTP/0.9\r\n" HOST END),
	BAD("HTTP/1.2", "GET / HTTP/1.2\r\n" HOST END),
	BAD("HTTP/1.10", "GET / HTTP/1.10\r\n" HOST END),
	BAD("HTTP/11", "GET / HTTP/11\r\n" HOST END),
	BAD("HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
	BAD("version in lower case", "GET / http/1.1\r\n" HOST END),
	BAD("blank after the version", "GET / HTTP/1.1 \r\n" HOST END),
	BAD("other protocol", "GET / RTSP/1.1\r\n" HOST END),
	BAD("two blanks before the target", "GET  / HTTP/1.1\r\n" HOST END),
	BAD("two blanks before the version", "GET /  HTTP/1.1\r\n" HOST END),
	BAD("tab after the method", "GET\t/ HTTP/1.1\r\n" HOST END),
	BAD("blank before the method", " GET / HTTP/1.1\r\n" HOST END),
	BAD("no method", " / HTTP/1.1\r\n" HOST END),
	BAD("method in lower case", "get / HTTP/1.1\r\n" HOST END),
	BAD("PATCH", "PATCH / HTTP/1.1\r\n" HOST END),
	BAD("OPTIONS *", "OPTIONS * HTTP/1.1\r\n" HOST END),
	BAD("TRACE", "TRACE / HTTP/1.1\r\n" HOST END),
	BAD("CONNECT", "CONNECT h:443 HTTP/1.1\r\n" HOST END),
	BAD("invented method", "POSTX / HTTP/1.1\r\n" HOST END),
	BAD("two blank lines first", "\r\n\r\nGET / HTTP/1.1\r\n" HOST END),
	BAD("bare LF first", "\nGET / HTTP/1.1\r\n" HOST END),
	BAD("TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),

	/* the target */
	BAD_TARGET("absolute form", "http://h/"),
	BAD_TARGET("absolute form, other host", "https://elsewhere/"),
	BAD_TARGET("authority form", "h:80"),
	BAD_TARGET("asterisk form", "*"),
	BAD_TARGET("no leading slash", "index"),
	BAD_TARGET("query only", "?a=b"),
	BAD_TARGET("blank in the target", "/a b"),
	BAD_TARGET("tab in the target", "/a\tb"),
	BAD_TARGET("raw UTF-8 in the target", "/caf\xc3\xa9"),
	BAD_TARGET("control byte in the target", "/a\x01"),
	BAD_TARGET("DEL in the target", "/a\x7f"),
	BAD_TARGET("fragment", "/a#b"),
	BAD_TARGET("backslash", "/a\\b"),
	BAD_TARGET("quote", "/\"a\""),
	BAD_TARGET("angle bracket in the query", "/?a=<b>"),
	BAD_TARGET("dot segment", "/./a"),
	BAD_TARGET("dot segment at the end", "/a/."),
	BAD_TARGET("parent segment", "/a/../b"),
	BAD_TARGET("parent segment alone", "/.."),
	BAD_TARGET("parent segment before a query", "/a/..?b"),
	BAD_TARGET("escaped dot segment", "/%2e/a"),
	BAD_TARGET("escaped parent segment", "/a/%2E%2e/b"),
	BAD_TARGET("half escaped parent segment", "/a/.%2e"),
	BAD_TARGET("two slashes first", "//a"),
	BAD_TARGET("two slashes alone", "//"),
	BAD_TARGET("two slashes inside", "/a//b"),
	BAD_TARGET("escape without digits", "/%zz"),
	BAD_TARGET("escape cut short", "/a%4"),
	BAD_TARGET("escape cut short in the query", "/?a=%"),
	BAD_TARGET("escaped NUL", "/a%00b"),

	/* line ends and bytes that end strings elsewhere */
	BAD("bare LF everywhere", "GET / HTTP/1.1\nHost: h\n\n"),
	BAD("bare LF after the request line", "GET / HTTP/1.1\nHost: h\r\n\r\n"),
	BAD("bare LF after a field", LINE "Host: h\nA: b\r\n\r\n"),
	BAD("bare LF as the empty line", LINE HOST "\n"),
	BAD("bare CR after the request line", "GET / HTTP/1.1\rHost: h\r\n\r\n"),
	BAD("bare CR everywhere, never an end", "GET / HTTP/1.1\rHost: h\r\rx"),
	BAD("bare CR in a value", LINE HOST "A: b\rContent-Length: 5\r\n\r\n"),
	BAD("CR CR LF", LINE "Host: h\r\r\n\r\n"),
	BAD("NUL in the target", "GET /a\0b HTTP/1.1\r\n" HOST END),
	BAD("NUL in a name", LINE HOST "A\0B: c\r\n\r\n"),
	BAD("NUL in a value", LINE HOST "A: b\0c\r\n\r\n"),
	BAD("NUL in an unfinished line", "GET /\0"),

	/* Host */
	BAD("no Host", LINE END),
	BAD("no Host among other fields", LINE "A: b\r\nContent-Length: 0\r\n\r\n"),
	BAD_HOST("empty Host", ""),
	BAD_HOST("blank Host", "  "),
	BAD_HOST("Host is a list", " a, b"),
	BAD_HOST("Host with a path", " h/x"),
	BAD_HOST("Host with user", " u@h"),
	BAD_HOST("Host with a blank inside", " a b"),
	BAD_HOST("Host with a name for a port", " h:http"),
	BAD_HOST("Host with two ports", " h:80:80"),
	BAD_HOST("Host with a port too long", " h:123456"),
	BAD_HOST("Host with an open bracket", " [::1"),
	BAD_HOST("Host with empty brackets", " []"),
	BAD_HOST("Host with bytes behind the bracket", " [::1]x"),
	BAD_FIELD("two Host lines", "Host: h\r\n"),
	BAD_FIELD("two Host lines, other case and value", "hOST: other\r\n"),

	/* fields */
	BAD_FIELD("blank before the colon", "A : b\r\n"),
	BAD_FIELD("blank before the colon of a length", "Content-Length : 5\r\n"),
	BAD_FIELD("tab before the colon", "A\t: b\r\n"),
	BAD_FIELD("no colon", "Abc\r\n"),
	BAD_FIELD("no name", ": b\r\n"),
	BAD_FIELD("blank in a name", "A B: c\r\n"),
	BAD_FIELD("parenthesis in a name", "A(b): c\r\n"),
	BAD_FIELD("raw UTF-8 in a name", "caf\xc3\xa9: c\r\n"),
	BAD_FIELD("obs-fold with a blank", "A: b\r\n c\r\n"),
	BAD_FIELD("obs-fold with a tab", "A: b\r\n\tc\r\n"),
	BAD_FIELD("obs-fold that hides a length", "A: b\r\n Content-Length: 5\r\n"),
	BAD("obs-fold before the first field", LINE " A: b\r\n" HOST END),
	BAD_FIELD("control byte in a value", "A: \x01\r\n"),
	BAD_FIELD("escape byte in a value", "A: \x1b[31m\r\n"),
	BAD_FIELD("vertical tab in a value", "A: b\x0b\r\n"),
	BAD_FIELD("tab behind a value", "A: b \t \r\n"),
	BAD_FIELD("tab behind a length", "Content-Length: 0\t\r\n"),
	BAD_FIELD("tab behind chunked", "Transfer-Encoding: chunked\t\r\n"),
	BAD_FIELD("DEL in a value", "A: \x7f\r\n"),

	/* what signer and server must read alike */
	BAD_FIELD("two Authorization lines", "Authorization: a\r\nAuthorization: a\r\n"),
	BAD_FIELD("two X-Amz-Target lines", "X-Amz-Target: a\r\nx-amz-target: b\r\n"),
	BAD_FIELD("two X-Amz-Date lines", "X-Amz-Date: a\r\nB: c\r\nX-AMZ-DATE: a\r\n"),
	BAD_FIELD("two X-Amz-Security-Token lines",
	    "X-Amz-Security-Token: a\r\nX-Amz-Security-Token: a\r\n"),

	/* framing */
	BAD_FIELD("length and chunked", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
	BAD("chunked and length, a request behind",
	    LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 38\r\n\r\n0\r\n\r\n" HIDDEN),
	BAD_FIELD("length 0 and chunked", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n"),
	BAD_FIELD("two lengths alike", "Content-Length: 0\r\nContent-Length: 0\r\n"),
	BAD("two lengths, a request behind",
	    LINE HOST "Content-Length: 0\r\ncontent-length: 38\r\n\r\n" HIDDEN),
	BAD_FIELD("length is a list", "Content-Length: 5, 5\r\n"),
	BAD_FIELD("length with plus", "Content-Length: +5\r\n"),
	BAD_FIELD("length with minus", "Content-Length: -1\r\n"),
	BAD_FIELD("length with a blank inside", "Content-Length: 1 0\r\n"),
	BAD_FIELD("length in hex", "Content-Length: 0x5\r\n"),
	BAD_FIELD("length with a letter behind", "Content-Length: 5a\r\n"),
	BAD_FIELD("length with a fraction", "Content-Length: 5.0\r\n"),
	BAD_FIELD("length in quotes", "Content-Length: \"5\"\r\n"),
	BAD_FIELD("empty length", "Content-Length:\r\n"),
	BAD_FIELD("length with a leading zero", "Content-Length: 05\r\n"),
	BAD_FIELD("length 2^64", "Content-Length: 18446744073709551616\r\n"),
	BAD_FIELD("length 2^64 + 5", "Content-Length: 18446744073709551621\r\n"),
	BAD_FIELD("length beyond any integer", "Content-Length: 99999999999999999999999999\r\n"),
	BAD_FIELD("length in other digits", "Content-Length: \xd9\xa5\r\n"),
	BAD_FIELD("two Transfer-Encoding lines",
	    "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
	BAD("identity, then chunked", LINE HOST
	    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
	BAD_FIELD("chunked twice in a list", "Transfer-Encoding: chunked, chunked\r\n"),
	BAD_FIELD("gzip, chunked", "Transfer-Encoding: gzip, chunked\r\n"),
	BAD_FIELD("chunked, identity", "Transfer-Encoding: chunked, identity\r\n"),
	BAD_FIELD("coding identity", "Transfer-Encoding: identity\r\n"),
	BAD_FIELD("unknown coding", "Transfer-Encoding: xchunked\r\n"),
	BAD_FIELD("chunked in another case", "Transfer-Encoding: Chunked\r\n"),
	BAD_FIELD("chunked with a parameter", "Transfer-Encoding: chunked;q=1\r\n"),
	BAD_FIELD("chunked with a comma", "Transfer-Encoding: chunked,\r\n"),
	BAD_FIELD("chunked in quotes", "Transfer-Encoding: \"chunked\"\r\n"),
	BAD_FIELD("chunked behind a vertical tab", "Transfer-Encoding: \x0b" "chunked\r\n"),
	BAD_FIELD("empty coding", "Transfer-Encoding:\r\n"),
	BAD_FIELD("chunked folded", "Transfer-Encoding:\r\n chunked\r\n"),

	/* other protocols */
	BAD_FIELD("h2c", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"),
	BAD_FIELD("websocket", "Connection: upgrade\r\nUpgrade: websocket\r\n"),
	BAD_FIELD("Upgrade without Connection", "Upgrade: h2c\r\n"),
	BAD_FIELD("Connection: upgrade alone", "Connection: keep-alive, Upgrade\r\n"),
	BAD_FIELD("HTTP2-Settings alone", "HTTP2-Settings: AA\r\n"),
	{ "compressed body", BYTES(LINE HOST "Content-Encoding: gzip\r\n\r\n"), 415 },
	{ "aws-chunked body", BYTES(LINE HOST "Content-Encoding: aws-chunked\r\n\r\n"), 415 },
	{ "unknown expectation", BYTES(LINE HOST "Expect: 200-ok\r\n\r\n"), 417 },

	/* chunked bodies */
	BAD_CHUNKS("no size", "\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("size is no number", "g\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("size with 0x", "0x5\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("size with plus", "+5\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("size with minus", "-5\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("blank before the size", " 5\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("blank after the size", "5 \r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("size of nine digits", "000000005\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("size beyond 64 bits", "10000000000000005\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("bare LF after the size", "5\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("bare CR after the size", "5\rhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("more data than the size", "5\r\nhello!\r\n0\r\n\r\n"),
	BAD_CHUNKS("less data than the size", "6\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("no line end after the data", "5\r\nhello0\r\n\r\n"),
	BAD_CHUNKS("bare LF after the data", "5\r\nhello\n0\r\n\r\n"),
	BAD_CHUNKS("bare LF after the last size", "0\n\r\n"),
	BAD_CHUNKS("bare LF as the end", "0\r\n\n"),
	BAD_CHUNKS("extension without a name", "5;\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("two semicolons", "5;;a\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("extension without its value", "5;a=\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("extension behind a value", "5;a=b;c\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("blank in an extension", "5; a\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("bare LF in an extension", "5;a\nb\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("NUL in an extension", "5;a\0b\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("quoted line end in an extension", "5;a=\"\r\n\"\r\nhello\r\n0\r\n\r\n"),
	BAD_CHUNKS("blank before a trailer's colon", "0\r\nA : b\r\n\r\n"),
	BAD_CHUNKS("trailer without colon", "0\r\nAbc\r\n\r\n"),
	BAD_CHUNKS("folded trailer", "0\r\nA: b\r\n c\r\n\r\n"),
	BAD_CHUNKS("bare LF after a trailer", "0\r\nA: b\n\r\n"),
	BAD_CHUNKS("NUL in a trailer", "0\r\nA: \0\r\n\r\n"),
};

static const struct good_request good_requests[] = {
	GOOD("plain GET", "GET / HTTP/1.1\r\n" HOST END, ""),
	GOOD("one blank line first", "\r\nGET / HTTP/1.1\r\n" HOST END, ""),
	GOOD("PUT with a body", "PUT /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", "hi"),
	GOOD("DELETE with a body", "DELETE /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", "hi"),
	GOOD("GET with a body", "GET /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", "hi"),
	GOOD("HEAD gets no body", "HEAD /a HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", ""),
	GOOD("length 0", LINE HOST "Content-Length: 0\r\n\r\n", ""),
	GOOD("no blanks after colons", LINE "Host:h\r\nContent-Length:2\r\n\r\nhi", "hi"),
	GOOD("blanks round values, tabs before", LINE "Host: \t h  \r\nContent-Length:\t2 \r\n\r\nhi",
	    "hi"),
	GOOD("names in any case", LINE "hOsT: h\r\ncontent-LENGTH: 2\r\n\r\nhi", "hi"),
	GOOD("NUL in a body", LINE HOST "Content-Length: 1\r\n\r\n\0", "\0"),
	GOOD("line ends in a body", LINE HOST "Content-Length: 4\r\n\r\n\r\n\r\n", "\r\n\r\n"),
	GOOD("IPv4 Host with port", LINE "Host: 127.0.0.1:7295\r\n\r\n", ""),
	GOOD("IPv6 Host with port", LINE "Host: [::1]:7295\r\n\r\n", ""),
	GOOD("IPv6 Host", LINE "Host: [fe80::1]\r\n\r\n", ""),
	GOOD("underscore and hyphen in Host", LINE "Host: my_secrets-1.internal\r\n\r\n", ""),
	GOOD("empty port", LINE "Host: h:\r\n\r\n", ""),
	GOOD_TARGET("query", "/?Action=GetCallerIdentity&Version=2011-06-15"),
	GOOD_TARGET("query with slashes and dots", "/?a=//../.&b=?"),
	GOOD_TARGET("function ARN, escaped",
	    "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A1%3Afunction%3Af/invocations"),
	GOOD_TARGET("function ARN, colons plain", "/2015-03-31/functions/arn:aws:lambda:a:1:function:f"),
	GOOD_TARGET("slash at the end", "/a/"),
	GOOD_TARGET("three dots", "/..."),
	GOOD_TARGET("dots inside names", "/.a/b./c..d"),
	GOOD_TARGET("escaped slash", "/a%2Fb"),
	GOOD_TARGET("sub-delimiters", "/a!$&'()*+,;=:@-._~"),
	GOOD_FIELD("empty value", "A:\r\n"),
	GOOD_FIELD("every token character in a name", "!#$%&'*+-.^_`|~09azAZ: x\r\n"),
	GOOD_FIELD("obs-text in a value", "A: caf\xc3\xa9\r\n"),
	GOOD_FIELD("tab inside a value", "A: b\tc\r\n"),
	GOOD_FIELD("other field twice", "A: b\r\nA: c\r\n"),
	GOOD_FIELD("Connection with options", "Connection: keep-alive, TE\r\n"),
	GOOD_FIELD("expectation without a body", "Expect: 100-continue\r\n"),
	GOOD_FIELD("identity", "Content-Encoding: identity\r\n"),
	GOOD_CHUNKS("two chunks", "5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n", "hello!"),
	GOOD_CHUNKS("no data", "0\r\n\r\n", ""),
	GOOD_CHUNKS("hex in both cases", "a\r\n0123456789\r\nB\r\nabcdefghijk\r\n0\r\n\r\n",
	    "0123456789abcdefghijk"),
	GOOD_CHUNKS("leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello"),
	GOOD_CHUNKS("extensions", "5;c;a=b\r\nhello\r\n0;last\r\n\r\n", "hello"),
	GOOD_CHUNKS("trailers are dropped", "5\r\nhello\r\n0\r\nA: b\r\nHost: x\r\n\r\n", "hello"),
	GOOD_CHUNKS("line ends in the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
};
