import { it } from 'vitest'
import { generate } from '../kit/generator/generate.ts'
import { auditDraft } from '../kit/generator/audit-draft.ts'
import { inShort } from '../kit/audit-world.ts'
it('clean', async () => {
  const N = Number(process.env.N ?? 100), depth = (process.env.DEPTH ?? 'summary') as 'summary'
  let gen = 0, aud = 0, tasks = 0, win = 0
  const kinds = new Map<string, number>()
  for (let seed = 1; seed <= N; seed++) {
    const t0 = performance.now()
    const d = generate(seed, { depth })
    const t1 = performance.now()
    const r = await auditDraft(d, depth)
    gen += t1 - t0; aud += performance.now() - t1; tasks += d.tasks.length; win += r.tasks.totals.taskCount
    if (!r.coverage.complete) console.log(seed, 'incomplete')
    for (const f of inShort(r)) { const k = f.split(' ').slice(0, f.includes('TIMING') ? 2 : 1).join(' '); kinds.set(k, (kinds.get(k) ?? 0) + 1); if ((kinds.get(k) ?? 0) < 4) console.log(seed, f, d.settings.links, d.settings.attribution) }
    for (const f of r.notEvaluated) { const k = 'NE ' + f.rule + f.reason.replace(/\d+/g,'#').slice(0, 60); kinds.set(k, (kinds.get(k) ?? 0) + 1) }
  }
  console.log(N, 'gen ms', gen / N, 'audit ms', aud / N, 'tasks', tasks / N, 'in window', win / N, kinds)
}, 120_000)
