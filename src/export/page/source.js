// Where the graph comes from. A source is `{flow(), things(), events(threads), subscribe(callback)}`:
// the processes with what ties them, what they used (in parts, one after the other), the events of
// threads, and what comes later. That of a server will be another one of these.

/** The JSON in a script element: base64 of gzip. */
async function unpack(element) {
  const packed = await fetchless(element.textContent.trim());
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/** Bytes of base64, in pieces so that no call has to hold too much. */
function fetchless(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

/** The graph that is in the page itself. */
export class PageSource {
  constructor(page) {
    this.page = page;
    this.asked = new Set(); // elements that were unpacked
    this.elements = null;
  }

  /** What the writer of the page says of it: `{version, languages, counts, default_language}`. */
  about() {
    const element = this.page.getElementById("page-meta");
    return element ? JSON.parse(element.textContent) : {};
  }

  async flow() {
    const element = this.page.getElementById("flow");
    const document = await unpack(element);
    element.remove(); // its text is not needed twice
    return document;
  }

  /** What the processes used, part by part. */
  async *things() {
    for (const element of this.page.querySelectorAll("script.things")) {
      const part = await unpack(element);
      element.remove();
      yield part;
    }
  }

  #index() {
    this.elements = new Map();
    for (const element of this.page.querySelectorAll("script.events")) {
      const ids = element.dataset.threads ?? element.dataset.thread ?? "";
      for (const id of ids.split(" ")) {
        if (this.elements.has(id)) this.elements.get(id).push(element);
        else if (id) this.elements.set(id, [element]);
      }
    }
    return this.elements;
  }

  /** All threads or processes of which the page has events. */
  threads() {
    return [...(this.elements ?? this.#index()).keys()];
  }

  /** The events of these threads (or processes) that were not asked for yet, part by part. */
  async *events(ids) {
    const elements = this.elements ?? this.#index();
    const wanted = new Set(
      ids.flatMap((id) => elements.get(id) ?? []).filter((element) => !this.asked.has(element)),
    );
    for (const element of wanted) this.asked.add(element);
    for (const element of wanted) yield await unpack(element);
  }

  /** Nothing comes later. */
  subscribe() {
    return () => {};
  }
}
