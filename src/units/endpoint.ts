/** The form in which names of endpoints are compared with those asked for: whether fal minds case is not known. */
export const endpointForm = (endpointId: string): string => endpointId.trim().toLowerCase()
