const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A request id as the task table's ids are compared: UUIDs in lower case, others as they are. */
export const bareEventId = (requestId: string): string => {
  const id = requestId.trim()
  return UUID.test(id) ? id.toLowerCase() : id
}
