// The page: what it shows, and who is told when that changes.

import { App } from "./app.js";
import { PageSource } from "./source.js";

const app = new App(new PageSource(document));
globalThis.rtrace = app; // for whoever looks at the page with the browser's tools, and for its tests
app.start();
