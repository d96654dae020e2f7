// What can be done with lanes: open and close them, and go to one.

/** Opens a lane, or closes it. */
export function fold(app, row) {
  const { open, closed } = app.state;
  if (row.kind === "group") toggle(open, row.id);
  else if (row.process.children.length > 0) toggleAll(closed, row.pair ?? [row.id]);
  else toggle(open, `threads:${row.id}`);
  app.set({});
}

/** Shows a lane for each thread of a process, or no longer. */
export function foldThreads(app, process) {
  toggle(app.state.open, `threads:${process.id}`);
  app.set({});
}

function toggle(set, name) {
  if (!set.delete(name)) set.add(name);
}

/** Of lanes that are opened and closed together, one that is closed closes all. */
function toggleAll(set, names) {
  const some = names.filter((name) => set.delete(name));
  if (some.length === 0) set.add(names[0]);
}

/** Opens or closes all lanes. */
export function foldAll(app, open) {
  const { state, model } = app;
  state.open.clear();
  state.closed.clear();
  if (open) {
    for (const process of model.processes.values())
      if (process.node?.threads > 1) state.open.add(`threads:${process.id}`);
    // Groups that are opened show further ones.
    for (let before = -1; before !== state.open.size;) {
      before = state.open.size;
      for (const row of app.lanes().rows) if (row.kind === "group") state.open.add(row.id);
    }
  } else {
    for (const process of model.processes.values())
      if (process.parent && process.children.length > 0) state.closed.add(process.id);
  }
  app.set({});
}

/** Scrolls so that a lane is to be seen. */
export function scrollTo({ scroller }, row) {
  if (row.y < scroller.scrollTop) scroller.scrollTop = row.y;
  else if (row.y + row.height > scroller.scrollTop + scroller.clientHeight) {
    scroller.scrollTop = row.y + row.height - scroller.clientHeight;
  }
}

/** Zooms to a process, or to a moment of it. */
export function zoomTo(app, id, time = null) {
  const process = app.model.processOf(id);
  if (!process) return;
  const end = process.end ?? app.model.end;
  const length = Math.max(end - process.start, 1000);
  if (time === null) app.view.showTimes(process.start - length * 0.06, end + length * 0.12);
  else app.view.showTimes(...around(process, time, length));
  app.viewed();
}

/** A time with a few events around it; part of the process's life where events are not known. */
function around(process, time, length) {
  const thread = process.threads.find(
    ({ events }) => events && events.start[events.from(time - 1)] !== undefined,
  );
  if (!thread) return [time - length * 0.05, time + length * 0.02];
  const { start, end } = thread.events;
  const at = thread.events.from(time - 1);
  const last = Math.min(at + 4, start.length - 1);
  return [start[Math.max(0, at - 5)], Math.max(end[last] ?? start[last], time + 1000)];
}
