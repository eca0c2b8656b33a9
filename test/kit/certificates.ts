import { execFileSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A private authority that makes certificates of servers, in a temporary folder. */
export interface Authority {
  /** The authority's own certificate. */
  readonly certificate: string
  readonly folder: string
  /** Makes a certificate for these names (DNS:host, IP:address), and gives the paths of both files. */
  issue(name: string, altNames: string, days?: number): { readonly cert: string; readonly key: string }
  remove(): void
}

export function makeAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'fal-audit-tls-'))
  const path = (name: string): string => join(folder, name)
  const openssl = (...words: readonly string[]): void => {
    execFileSync('openssl', [...words], { stdio: ['ignore', 'ignore', 'pipe'] })
  }
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  openssl(
    ...['req', '-x509', ...newKey, '-keyout', path('ca.key'), '-out', path('ca.pem'), '-days', '30'],
    ...['-subj', '/CN=Authority of a test'],
  )
  return {
    folder,
    certificate: readFileSync(path('ca.pem'), 'utf8'),
    issue(name, altNames, days = 30) {
      const [key, request, cert] = [path(`${name}.key`), path(`${name}.csr`), path(`${name}.pem`)]
      openssl('req', ...newKey, '-keyout', key, '-out', request, '-subj', '/CN=a test server')
      writeFileSync(path(`${name}.ext`), `subjectAltName=${altNames}\n`)
      openssl(
        ...['x509', '-req', '-in', request, '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-CAcreateserial'],
        ...['-days', String(days), '-extfile', path(`${name}.ext`), '-out', cert],
      )
      return { cert, key }
    },
    remove: () => rmSync(folder, { recursive: true }),
  }
}

/** Puts a certificate and its key where a server looks for them. */
export function install(
  from: { readonly cert: string; readonly key: string },
  to: { cert: string; key: string },
): void {
  copyFileSync(from.cert, to.cert)
  copyFileSync(from.key, to.key)
}
