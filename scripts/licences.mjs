// What the packages that are bundled ask of whoever passes them on: that their licences go with them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const PACKAGE = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+(?=[\\/])/
const NOTICE = /^(?:licen[cs]e|copying|notice)(?:[.-]|$)/i
const LINE = '-'.repeat(80)
const FIRST =
  'The program files beside this one hold code of these packages. The font has its licence in fonts/OFL.txt.'

/** Notes the packages that a bundle is made of. Put its plugin first: the others may load a file themselves. */
export function packageNotes() {
  const folders = new Set()
  const plugin = {
    name: 'package-notes',
    setup({ onLoad }) {
      onLoad({ filter: /[\\/]node_modules[\\/]/ }, ({ path }) => {
        const [folder] = PACKAGE.exec(path) ?? []
        if (folder !== undefined) folders.add(folder)
        return undefined
      })
    },
  }
  return { plugin, text: () => textOf([...folders].map(noticeOf)) }
}

/** Name, version and licence of a package, and every text of it that tells more; without one, whose it is. */
function noticeOf(folder) {
  const { name, version, license, author, homepage } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isFile() && NOTICE.test(each.name))
  const texts = files.map((each) => readFileSync(join(folder, each.name), 'utf8').trim())
  const heading = license === undefined ? `${name} ${version}` : `${name} ${version} (${license})`
  const told = texts.length > 0 ? texts : [author?.name ?? author, homepage].filter((each) => each !== undefined)
  return [heading, ...told].join('\n\n')
}

/** The same whenever it is made. */
const textOf = (notices) => {
  const told = [FIRST, ...[...new Set(notices)].sort()]
  return `${told.join(`\n\n${LINE}\n`)}\n`
}
