import { it } from 'vitest'
import type { RuleId } from '../../schemas/report.ts'
import { RULES } from '../../src/audit/rules/table.ts'
import { shortly } from '../kit/generator/judge.ts'
import { INJECTORS } from '../kit/generator/table.ts'
import { inMemory, tryClean, tryFault, tryPair, tryTwin } from '../kit/generator/trial.ts'

it('table', async () => {
  const N = Number(process.env.N ?? 100),
    depth = (process.env.DEPTH ?? 'summary') as 'summary'
  const only = process.env.RULE
  const trial = inMemory(depth, new Set<RuleId>(RULES.map(({ id }) => id)))
  const t0 = performance.now()
  const say = (...x: unknown[]) => process.stdout.write(`${x.join(' ')}\n`)
  let clean = 0,
    incomplete = 0
  for (let seed = 1; seed <= N; seed++) {
    const r = await tryClean(trial, seed)
    if (!r.report.coverage.complete) incomplete++
    if (r.falseAlarms.length) {
      clean++
      if (clean < 5) say('CLEAN', seed, r.falseAlarms.map(shortly).join(' | '))
    }
  }
  say('clean with findings', clean, 'incomplete', incomplete, 'ms', (performance.now() - t0) / N)
  for (const inj of INJECTORS) {
    if (only && inj.rule !== only) continue
    let found = 0,
      missed = 0,
      fa = 0,
      none = 0,
      twins = 0,
      ta = 0,
      tnone = 0,
      shown = 0
    for (let seed = 1; seed <= N; seed++) {
      const o = await tryFault(trial, seed, inj)
      if (!o) none++
      else {
        if (o.missed.length) {
          missed++
          if (shown++ < 3) say('  MISS', inj.rule, seed, o.missed.join(' | '))
        } else found++
        if (o.falseAlarms.length) {
          fa++
          if (shown++ < 6) say('  FALSE', inj.rule, seed, o.falseAlarms.map(shortly).slice(0, 3).join(' | '))
        }
      }
      const t = await tryTwin(trial, seed, inj)
      if (!t) tnone++
      else {
        twins++
        if (t.falseAlarms.length) {
          ta++
          if (shown++ < 9)
            say('  TWIN', inj.rule, seed, seed % inj.twins.length, t.falseAlarms.map(shortly).slice(0, 3).join(' | '))
        }
      }
    }
    say(
      inj.rule.padEnd(5),
      'found',
      found,
      'missed',
      missed,
      'false',
      fa,
      'noplace',
      none,
      '| twins',
      twins,
      'alarms',
      ta,
      'noplace',
      tnone,
    )
  }
  if (!only && process.env.PAIRS) {
    let ok = 0,
      bad = 0,
      none = 0
    for (let seed = 1; seed <= N; seed++) {
      const a = INJECTORS[seed % INJECTORS.length]!,
        b = INJECTORS[(seed * 7 + 3 + Math.floor(seed / INJECTORS.length)) % INJECTORS.length]!
      if (a.rule === b.rule) continue
      const o = await tryPair(trial, seed, a, b)
      if (!o) none++
      else if (o.missed.length || o.falseAlarms.length) {
        bad++
        if (bad < 6)
          say('  PAIR', a.rule, b.rule, seed, o.missed.join(' | '), o.falseAlarms.map(shortly).slice(0, 3).join(' | '))
      } else ok++
    }
    say('pairs ok', ok, 'bad', bad, 'noplace', none)
  }
  say('total s', (performance.now() - t0) / 1000)
}, 300_000)
