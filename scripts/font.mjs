// node scripts/font.mjs: makes the font of the statements anew, from the package it comes from, which is too large to be
// installed with the others: it holds nine weights. The font itself is left as it is; it is only compressed.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { brotliCompressSync, constants } from 'node:zlib'
import { root } from './bundle.mjs'

const PACKAGE = '@expo-google-fonts/noto-sans-sc'
const VERSION = '0.4.3'
const FONT = join('400Regular', 'NotoSansSC_400Regular.ttf')
const FONT_SHA256 = 'd45f67f0a7c0ca3f256950777ce6a61cc7ce5f9696d02900cbbaac25f8aa7d16'

const fonts = join(root, 'src', 'render', 'pdf', 'fonts')
const folder = mkdtempSync(join(tmpdir(), 'font-'))
try {
  const install = ['install', '--prefix', folder, '--ignore-scripts', '--no-save', `${PACKAGE}@${VERSION}`]
  const { status } = spawnSync('npm', install, { stdio: 'inherit', shell: process.platform === 'win32' })
  if (status !== 0) throw new Error('npm install failed; see above')
  const installed = join(folder, 'node_modules', PACKAGE)
  const font = readFileSync(join(installed, FONT))
  const sha256 = createHash('sha256').update(font).digest('hex')
  if (sha256 !== FONT_SHA256) throw new Error(`${FONT} of ${PACKAGE}@${VERSION} is not the font it was: ${sha256}`)
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
    [constants.BROTLI_PARAM_SIZE_HINT]: font.length,
  }
  const compressed = brotliCompressSync(font, { params })
  writeFileSync(join(fonts, 'noto-sans-sc-regular.ttf.br'), compressed)
  copyFileSync(join(installed, 'LICENSE_FONT'), join(fonts, 'OFL.txt'))
  console.log(`noto-sans-sc-regular.ttf.br  ${Math.round(compressed.length / 1024)} KiB`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
