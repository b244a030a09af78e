/** A rich-text takes no styles from its page, so that headings and paragraphs get theirs in the text. */

const STYLES: Record<string, string> = {
  h1: 'margin:24px 0 10px;font-size:20px;font-weight:600;line-height:1.4',
  h2: 'margin:24px 0 8px;font-size:18px;font-weight:600;line-height:1.4',
  h3: 'margin:20px 0 6px;font-size:16px;font-weight:600;line-height:1.4',
  p: 'margin:0 0 12px',
  ul: 'margin:0 0 12px;padding-left:20px',
  ol: 'margin:0 0 12px;padding-left:20px',
  li: 'margin:0 0 4px',
}

/** Tags that say something of their own are left as they are. */
export const spaced = (html: string): string =>
  html.replace(/<(h[1-3]|p|ul|ol|li)>/g, (_, tag: string) => `<${tag} style="${STYLES[tag]}">`)
