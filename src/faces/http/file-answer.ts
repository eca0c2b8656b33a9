/** An answer that is no JSON. */
export class FileAnswer {
  readonly mediaType: string
  /** Under which it is to be saved: ASCII letters, digits, dots, _ and -. */
  readonly fileName: string
  readonly bytes: Uint8Array

  constructor(mediaType: string, fileName: string, bytes: Uint8Array) {
    this.mediaType = mediaType
    this.fileName = fileName
    this.bytes = bytes
  }
}
