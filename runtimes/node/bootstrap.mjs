// SPDX-License-Identifier: Apache-2.0
//
// The Node side of the Lambda Runtime API (docs: pawl-functions(7)). Finds the handler that
// _HANDLER names (CommonJS or ESM), asks for events one by one, and sends back what the handler
// returned, passed to its callback, or threw. No dependency. Error types and texts are those of
// AWS's own runtime, because people and tools match on them.
import { existsSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import util from 'node:util';

const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(':');
const API = '/2018-06-01/runtime';
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const stdout = process.stdout;
let requestId = '';

class Fault extends Error {
	constructor(name, message) {
		super(message);
		this.name = name;
	}
}

// ---- the API

function request(method, where, body, headers = {}) {
	return new Promise((resolve, reject) => {
		const out = http.request({ agent, host, port, method, path: API + where, headers }, (res) => {
			const parts = [];
			res.on('data', (p) => parts.push(p));
			res.on('end', () => resolve({ status: res.statusCode, headers: res.headers,
			    body: Buffer.concat(parts).toString() }));
			res.on('error', reject);
		});
		out.on('error', reject);
		out.end(body);
	});
}

function post(where, body, headers = {}) {
	const bytes = Buffer.from(body);
	return request('POST', where, bytes, { 'Content-Type': 'application/json',
	    'Content-Length': bytes.length, ...headers });
}

async function next() {
	const answer = await request('GET', '/invocation/next');
	if (answer.status !== 200)
		throw new Error(`next: ${answer.status} ${answer.body}`);
	return answer;
}

// ---- errors

function describe(thrown) {
	if (thrown instanceof Error || util.types.isNativeError(thrown)) {
		return { errorType: thrown.name, errorMessage: thrown.message,
			trace: String(thrown.stack ?? '').split('\n') };
	}
	return { errorType: typeof thrown, errorMessage: String(thrown), trace: [] };
}

function logError(label, error) {
	const text = JSON.stringify({ errorType: error.errorType, errorMessage: error.errorMessage,
		stack: error.trace });
	write('ERROR', `${label} \t${text}`);
}

async function report(where, label, thrown) {
	const error = describe(thrown);
	logError(label, error);
	await post(where, JSON.stringify(error),
	    { 'Lambda-Runtime-Function-Error-Type': header(error.errorType) });
}

// An error's name is the function's own choice; a header takes only some of it.
const header = (text) => String(text).replace(/[^\x21-\x7e]/g, '_');

// ---- logging: console lines carry time, request and level

function write(level, text) {
	const line = text.replaceAll('\n', '\r');
	stdout.write(`${new Date().toISOString()}\t${requestId || 'undefined'}\t${level}\t${line}\n`);
}

function patchConsole() {
	const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', trace: 'TRACE', warn: 'WARN',
		error: 'ERROR' };
	for (const [name, level] of Object.entries(levels))
		console[name] = (...args) => write(level, util.format(...args));
}

// ---- the handler

function findModule(root, name) {
	if (name.split('/').includes('..'))
		throw new Fault('Runtime.MalformedHandlerName', `'${name}' is not a valid handler name. ` +
		    'Use absolute paths when specifying root directories in handler names.');
	for (const suffix of ['', '.js', '.mjs', '.cjs']) {
		const file = path.resolve(root, name + suffix);
		if (suffix !== '' && existsSync(file))
			return file;
	}
	throw new Fault('Runtime.ImportModuleError', `Error: Cannot find module '${path.basename(name)}'`);
}

async function importModule(file) {
	try {
		return await import(pathToFileURL(file).href);
	} catch (e) {
		if (e instanceof SyntaxError)
			throw new Fault('Runtime.UserCodeSyntaxError', String(e));
		if (e?.code === 'MODULE_NOT_FOUND' || e?.code === 'ERR_MODULE_NOT_FOUND')
			throw new Fault('Runtime.ImportModuleError', String(e));
		throw e;
	}
}

async function loadHandler(root, text) {
	const base = path.basename(text);
	const match = base.match(/^([^.]*)\.(.*)$/);
	if (match === null)
		throw new Fault('Runtime.MalformedHandlerName', 'Bad handler');
	const dir = text.slice(0, text.length - base.length);
	const namespace = await importModule(findModule(root, dir + match[1]));
	const names = match[2].split('.');
	const pick = (from) => names.reduce((at, n) => at?.[n], from);
	const handler = pick(namespace) ?? pick(namespace.default);
	if (handler === undefined)
		throw new Fault('Runtime.HandlerNotFound', `${text} is undefined or not exported`);
	if (typeof handler !== 'function')
		throw new Fault('Runtime.HandlerNotFound', `${text} is not a function`);
	return handler;
}

function clientContext(text) {
	return text === undefined ? undefined : JSON.parse(text);
}

function makeContext(headers) {
	const env = process.env;
	const deadline = Number(headers['lambda-runtime-deadline-ms']);
	return {
		callbackWaitsForEmptyEventLoop: true,
		functionName: env.AWS_LAMBDA_FUNCTION_NAME,
		functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
		memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
		logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
		logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
		awsRequestId: headers['lambda-runtime-aws-request-id'],
		invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
		clientContext: clientContext(headers['lambda-runtime-client-context']),
		getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
	};
}

// A promise's value counts when the handler returns one. Otherwise its callback decides: at once
// with callbackWaitsForEmptyEventLoop = false, else when nothing is left to do; and a handler that
// calls nothing is done, with null, when nothing is left to do either.
function call(handler, event, context) {
	return new Promise((resolve, reject) => {
		let settle;
		const finish = () => (settle ?? (() => resolve(null)))();
		const done = (error, result) => {
			settle ??= () => (error ? reject(error) : resolve(result));
			if (!context.callbackWaitsForEmptyEventLoop)
				finish();
		};
		process.once('beforeExit', finish);
		context.done = done;
		context.succeed = (result) => { context.callbackWaitsForEmptyEventLoop = false; done(null, result); };
		context.fail = (error) => { context.callbackWaitsForEmptyEventLoop = false; done(error ?? 'handled'); };
		const returned = handler(event, context, done);
		if (typeof returned?.then === 'function')
			returned.then(resolve, reject);
	}).finally(() => process.removeAllListeners('beforeExit'));
}

function toJson(value) {
	try {
		return JSON.stringify(value === undefined ? null : value) ?? 'null';
	} catch (e) {
		throw new Fault('Runtime.MarshalError', `Unable to stringify response body: ${e.message}`);
	}
}

async function runOnce(handler) {
	const { headers, body } = await next();
	requestId = headers['lambda-runtime-aws-request-id'];
	process.env._X_AMZN_TRACE_ID = headers['lambda-runtime-trace-id'];
	let result;
	try {
		result = toJson(await call(handler, JSON.parse(body), makeContext(headers)));
	} catch (e) {
		await report(`/invocation/${requestId}/error`, 'Invoke Error', e);
		return;
	}
	await post(`/invocation/${requestId}/response`, result);
}

// What nobody caught ends the process, and the invocation with it.
function onUncaught(thrown, kind) {
	const label = kind === 'unhandledRejection' ? 'Unhandled Promise Rejection' : 'Uncaught Exception';
	const where = requestId === '' ? '/init/error' : `/invocation/${requestId}/error`;
	const wrapped = kind === 'unhandledRejection' ?
	    Object.assign(new Fault('Runtime.UnhandledPromiseRejection', String(thrown)),
	        { stack: thrown?.stack }) : thrown;
	agent.destroy();	// a waiting request of ours must not be in the way
	report(where, label, wrapped).finally(() => process.exit(kind === 'unhandledRejection' ? 128 : 129));
}

// The function asked for one version of Node and gets the machine's.
function warnOfVersion() {
	const here = `nodejs${process.versions.node.split('.')[0]}.x`;
	const asked = (process.env.AWS_EXECUTION_ENV ?? '').replace('AWS_Lambda_', '');
	if (asked !== '' && asked !== here)
		write('WARN', `${asked} was asked for, this is ${here}`);
}

async function main() {
	patchConsole();
	warnOfVersion();
	process.on('uncaughtException', onUncaught);
	process.removeAllListeners('unhandledRejection');
	let handler;
	try {
		handler = await loadHandler(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
	} catch (e) {
		await report('/init/error', 'Uncaught Exception', e);
		process.exit(1);
	}
	for (;;)
		await runOnce(handler);
}

main();
