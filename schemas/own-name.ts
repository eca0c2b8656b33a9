import { z } from 'zod'

/**
 * The key of a record whose keys are names of the program's own, such as rules and thresholds: no text from outside can be
 * one of them, so whatever a secret reads like, they stay as they are.
 */
export const ownName = z.string()
