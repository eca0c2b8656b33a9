// Runs one MariaDB server for as long as its parent holds this process's stdin open, however the parent ends: a killed
// test run leaves no server and no folder behind. Started by mariadb.ts with one argument, a JSON of what to run.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const { folder, keep, installer, server, serverArguments, installerArguments, initSql } = JSON.parse(process.argv[2])
// Data that are kept must be written whole: a large pool takes its time.
const STOP_PATIENCE_MS = keep ? 120_000 : 8000
let child
let stopping = false

function finish(code) {
  if (!keep) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  process.exit(code)
}

function stop() {
  if (stopping) return
  stopping = true
  if (child === undefined || child.exitCode !== null) return finish(0)
  child.kill('SIGTERM')
  setTimeout(() => child.kill('SIGKILL'), STOP_PATIENCE_MS).unref()
}

process.stdin.on('end', stop).on('error', stop).on('close', stop).resume()
// Ctrl-C reaches the whole group: the parent decides.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => undefined)

mkdirSync(join(folder, 'tmp'), { recursive: true })
writeFileSync(join(folder, 'init.sql'), initSql)
const there = keep && existsSync(join(folder, 'data', 'mysql'))
// The installer starts a server too, which clears the temporary tables of others out of a folder that it shares.
const env = { ...process.env, TMPDIR: join(folder, 'tmp') }
const installed = there ? { status: 0 } : spawnSync(installer, installerArguments, { encoding: 'utf8', env })
if (installed.status !== 0) {
  process.stdout.write(`failed: ${installed.error ?? ''} ${installed.stdout} ${installed.stderr}\n`)
  finish(1)
}
child = spawn(server, serverArguments, { stdio: ['ignore', 'ignore', 'pipe'] })
let log = ''
child.stderr.setEncoding('utf8').on('data', (text) => {
  log = (log + text).slice(-4000)
  if (/ready for connections/.test(text)) process.stdout.write('ready\n')
})
child.on('error', (error) => {
  process.stdout.write(`failed: ${error.message}\n`)
  finish(1)
})
child.on('exit', () => {
  if (!stopping) process.stdout.write(`failed: the server ended: ${log}\n`)
  finish(stopping ? 0 : 1)
})
