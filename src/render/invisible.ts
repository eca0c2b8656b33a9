const ESC = '\u001b'
const BEL = '\u0007'
const STRING_TERMINATOR = '\u009c'

/**
 * A pattern of what steers a terminal. ECMA-48: strings (title, hyperlink, device control) with their hidden content, then CSI,
 * then the short forms. A string that never ends is not matched whole: it would swallow text that a person should see.
 */
export const ANSI = [
  `${ESC}[\\]PX^_][^${ESC}${BEL}${STRING_TERMINATOR}]*(?:${BEL}|${ESC}\\\\|${STRING_TERMINATOR})`,
  `(?:${ESC}\\[|\u009b)[0-?]*[ -\\/]*[@-~]`,
  `${ESC}[ -\\/]*[0-~]`,
].join('|')

/**
 * A pattern, with the flag u, of what nobody sees: zero-width characters, bidi controls, tag characters, variation selectors,
 * fillers, lone surrogates, noncharacters.
 */
export const HIDDEN = String.raw`[\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]`
