import { input, output } from '../schemas/doctor.ts'
import { renderDiagnosis } from '../src/render/doctor.ts'
import type { Tool } from '../src/tool.ts'

export const doctorTool: Tool<typeof input, typeof output> = {
  name: 'doctor',
  title: 'What is wrong with the set-up',
  description:
    'Checks settings, database login, grants, tables, columns, indexes, time zone, request ids and what each fal key may read. At a first start, or when a tool fails. Each line: id, status, seen, todo; unverified: not looked at. Quotes untrusted text.',
  input,
  output,
  lists: ['lines'],
  diagnoses: true,
  verdictOf: ({ complete, counts }) => (counts.failure > 0 ? 'findings' : complete ? 'clean' : 'unverified'),
  render: renderDiagnosis,
  run: async (_given, dependencies, context) => {
    // Loaded at the first use: few processes ever ask for it.
    const { diagnose } = await import('../src/operations/doctor.ts')
    return diagnose(dependencies, context)
  },
}
