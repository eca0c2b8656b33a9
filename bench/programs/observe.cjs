// Preloaded into a measured process: at its end it writes what the system says it took. Changes nothing else.
const { writeFileSync } = require('node:fs')
const process = require('node:process')

process.once('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  writeFileSync(
    process.env.BENCH_OBSERVE,
    JSON.stringify({ maxRssKib: maxRSS, cpuMicros: userCPUTime + systemCPUTime }),
  )
})
