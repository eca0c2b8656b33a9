/** Bytes of a packet's head: three of its length, one of its number. */
export const PACKET_HEAD_BYTES = 4
/** Packets of this length go on in the next one. */
export const PACKET_BYTES_MAX = 0xffffff

/** The length of the packet whose head stands there, without the head. */
export const packetLengthAt = (bytes: Buffer, at: number): number =>
  (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
