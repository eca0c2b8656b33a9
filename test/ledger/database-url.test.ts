import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseDatabaseUrl } from '../../src/ledger/database-url.ts'

const MYSQL = { engine: 'mysql', host: 'h', port: 3306, user: 'u', password: 'p', database: 'db', tls: 'none' }

describe('DATABASE_URL', () => {
  test.each([
    ['mysql://u:p@h/db', MYSQL],
    [' mysql://u:p@h:3307/db ', { ...MYSQL, port: 3307 }],
    ['mysql+pymysql://u:p@h/db?charset=utf8mb4', MYSQL],
    ['mariadb://u:p%23%40%2F%25@h/db', { ...MYSQL, password: 'p#@/%' }],
    ['mysql://u:a%40b%2Fc@h/db', { ...MYSQL, password: 'a@b/c' }],
    ['mysql://u:a@b@h/db', { ...MYSQL, password: 'a@b' }],
    ['mysql://u@server:p@h/db', { ...MYSQL, user: 'u@server' }],
    ['mysql://u:p@h/d%40b', { ...MYSQL, database: 'd@b' }],
    ['mysql://u@h/db', { ...MYSQL, password: '' }],
    ['mysql://u:p@[::1]:3306/db', { ...MYSQL, host: '::1' }],
    ['mysql://u:p@h/db?ssl=true', { ...MYSQL, tls: 'verify' }],
    ['mysql://u:p@h/db?ssl-mode=VERIFY_IDENTITY', { ...MYSQL, tls: 'verify' }],
    ['mysql://u:p@h/db?ssl-mode=VERIFY_CA', { ...MYSQL, tls: 'verify-ca' }],
    ['mysql://u:p@h/db?ssl-mode=REQUIRED', { ...MYSQL, tls: 'encrypt' }],
    ['file:/tmp/a b.db', { engine: 'embedded', path: '/tmp/a b.db' }],
    ['file:mysql:a.db', { engine: 'embedded', path: resolve('mysql:a.db') }],
    ['file:a.db', { engine: 'embedded', path: resolve('a.db') }],
    ['file:///tmp/a%20b.db', { engine: 'embedded', path: '/tmp/a b.db' }],
  ])('reads %s', (url, address) => {
    expect(parseDatabaseUrl(url)).toEqual(address)
  })

  test.each([
    ['user:s3cr3t-pass@host/db', /no scheme/],
    ['postgres://user:s3cr3t-pass@host/db', /no scheme/],
    ['mysql://user:s3cr3t-pass@host', /no database/],
    ['mysql://user:s3cr3t-pass#x@host/db', /no URL/],
    ['mysql://user:s3cr3t-pass%@host/db', /%/],
    ['mysql://user:12/s3cr3t-pass@host/db', /not encoded/],
    ['mysql://user:12?s3cr3t-pass@host/db', /not encoded/],
    ['mysql://user:12#s3cr3t-pass@host/db', /not encoded/],
    ['mysql://user:x@s3cr3t-pass/x@host:3306/db', /not encoded/],
    ['mysql://user:x@s3cr3t-pass/x?ssl=@host/db', /not encoded/],
    ['mysql://user:x@h/db?s3cr3t-pass=1@host/db', /not encoded/],
    ['mysql://user:x@s3cr3t-pass#x@host/db', /not encoded/],
    ['mysql+pymysql://user:1/s3cr3t-pass@host', /not encoded/],
    ['mysql://user:s3cr3t-pass@host/db?pool=3', /parameter pool/],
    ['file:', /no file/],
    ['file:mysql://u:pass@h/db', /second scheme behind file:/],
    ['FILE:MariaDB+x://u@h/db', /second scheme behind file:/],
  ])('refuses %s without repeating it', (url, says) => {
    try {
      parseDatabaseUrl(url)
      expect.unreachable()
    } catch (error) {
      expect(error).toMatchObject({
        kind: 'configuration',
        field: 'DATABASE_URL',
        message: expect.stringMatching(says),
      })
      expect(JSON.stringify({ ...(error as object), message: String(error) })).not.toContain('s3cr3t-pass')
    }
  })

  test.each(['99999', '33o6'])('says what a port may be where there is none such: %s', (port) => {
    expect(() => parseDatabaseUrl(`mysql://u:p@h:${port}/db`)).toThrow(
      expect.objectContaining({ next: expect.stringMatching(/percent-encode.*; a port is a number up to 65535$/) }),
    )
  })
})
