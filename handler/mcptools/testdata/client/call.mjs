// Lists the tools of a server and calls each, with the reference client.
//
//   node call.mjs stdio COMMAND ARGUMENT…
//   node call.mjs http URL TOKEN
//
// The arguments of the calls come in as JSON, an object by the names of the tools; what the server
// answers goes out likewise.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport, getDefaultEnvironment } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { readFileSync } from 'node:fs';

const [kind, target, ...rest] = process.argv.slice(2);
const calls = JSON.parse(readFileSync(0, 'utf8'));

const transport = kind === 'stdio'
  ? new StdioClientTransport({ command: target, args: rest, env: { ...getDefaultEnvironment(), ...process.env }, stderr: 'ignore' })
  : new StreamableHTTPClientTransport(new URL(target), { requestInit: { headers: { Authorization: `Bearer ${rest[0]}` } } });

const client = new Client({ name: 'slowdigest-test', version: '1.0.0' });
await client.connect(transport);
const { tools } = await client.listTools(); // with them it checks the answers against their schemas
const answers = {};
for (const tool of tools) {
  answers[tool.name] = await client.callTool({ name: tool.name, arguments: calls[tool.name] ?? {} });
}
console.log(JSON.stringify({ server: client.getServerVersion(), protocol: transport.protocolVersion ?? '', tools, answers }));
await client.close();
