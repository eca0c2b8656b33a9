import { expect, it, vi } from 'vitest'
import { KEY, never, openLine } from './line.ts'

vi.mock('../../src/fal/proxy-way.ts', () => {
  throw new Error('the way through a proxy was loaded')
})

it('loads nothing of proxies where none is named for what is asked', async () => {
  const other = { variable: 'HTTPS_PROXY', url: 'http://127.0.0.1:9', place: '127.0.0.1:9', authorization: undefined }
  for (const proxies of [new Map(), new Map([['https://elsewhere.test', other]])]) {
    const { client } = await openLine({}, { proxies })
    expect(await client.billing(KEY, never())).toMatchObject({ status: 'complete' })
  }
})
