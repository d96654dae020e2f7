// What went wrong: which processes failed, in order, why, and who failed in consequence.

import { failed } from "./model.js";
import { plain } from "./text.js";

/**
 * The failures of the model, the first one first. Each is `{process, failure, consequences, grave}`:
 * `failure` is the call to blame, if one is; `consequences` are the processes above that failed
 * later. `grave` are those with a reason, or which others failed after; an exit code alone is often
 * no more than an answer (grep that finds nothing).
 */
export function failures(model) {
  const found = [];
  for (const process of model.processes.values()) {
    if (!process.told || !failed(process) || explained(process)) continue;
    const consequences = [];
    for (let at = process.parent; at && failed(at); at = at.parent) consequences.push(at);
    const { failure, end } = process.node;
    const grave = failure !== undefined || end === "killed" || consequences.length > 0 || !process.parent;
    found.push({ process, failure: failure ?? null, consequences, grave });
  }
  return found.sort((a, b) => (a.process.end ?? Infinity) - (b.process.end ?? Infinity));
}

/**
 * Whether a process failed because one that it made had: there is no failed call of its own that it
 * could tell of, or that was before the child had failed.
 */
function explained(process) {
  const children = process.children.filter((child) => child.told && failed(child));
  if (children.length === 0) return false;
  const { failure } = process.node;
  return (
    !failure || children.some((child) => child.end >= failure.time + process.start - process.node.started)
  );
}

/** Who sent the signal that killed a process, if that is known and it was another one. */
export function killer(process, model) {
  const own = new Set(model.doersOf(process).map((doer) => doer.id));
  const link = model.signals.find((one) => own.has(one.target) && one.signal === process.node.signal);
  const sender = link ? model.processOf(link.source) : null;
  return sender === process ? null : sender;
}

const TELLING =
  /\b(error|fatal|fail(ed|ure)?|cannot|can't|not found|denied|exception|refused|panicked|abort(ed)?)\b/i;

/**
 * Of what a process said last on standard error, the line that tells most: the last one if it speaks
 * of an error, otherwise the first one that does, as compilers have it. Empty if it said nothing.
 */
export function telling(said) {
  const lines = plain(said)
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line.trim() !== "");
  const last = lines.at(-1) ?? "";
  return TELLING.test(last) ? last : (lines.find((line) => TELLING.test(line)) ?? last);
}

/** How the run ended: the process that it began with, or null where there was none. */
export function outcome(model) {
  const roots = [...model.runs.values()].flatMap((run) => run.processes);
  return roots.find((process) => process.told && failed(process)) ?? roots[0] ?? null;
}

/** What an error means, for people; the name alone where that is not known. */
export function meaning(error, language) {
  const at = MEANINGS[error];
  return at ? at[language === "fr" ? 1 : 0] : error;
}

const MEANINGS = {
  E2BIG: ["argument list too long", "liste d’arguments trop longue"],
  EACCES: ["permission denied", "permission refusée"],
  EADDRINUSE: ["address already in use", "adresse déjà utilisée"],
  EADDRNOTAVAIL: ["address not available", "adresse non disponible"],
  EAGAIN: ["not now, try again", "pas maintenant, réessayer"],
  EBADF: ["not an open descriptor", "descripteur non ouvert"],
  EBUSY: ["device or resource busy", "périphérique ou ressource occupé"],
  ECHILD: ["no child to wait for", "aucun enfant à attendre"],
  ECONNREFUSED: ["connection refused: nobody listens there", "connexion refusée : personne n’écoute"],
  ECONNRESET: ["connection reset by the peer", "connexion coupée par le pair"],
  EDQUOT: ["disk quota exceeded", "quota de disque dépassé"],
  EEXIST: ["it exists already", "existe déjà"],
  EFAULT: ["bad address", "mauvaise adresse"],
  EFBIG: ["file too large", "fichier trop grand"],
  EHOSTUNREACH: ["no route to the host", "hôte inaccessible"],
  EINPROGRESS: ["still in progress", "toujours en cours"],
  EINTR: ["interrupted by a signal", "interrompu par un signal"],
  EINVAL: ["invalid argument", "argument invalide"],
  EIO: ["input/output error", "erreur d’entrée/sortie"],
  EISDIR: ["it is a directory", "c’est un répertoire"],
  ELOOP: ["too many symbolic links", "trop de liens symboliques"],
  EMFILE: ["too many open files", "trop de fichiers ouverts"],
  ENAMETOOLONG: ["name too long", "nom trop long"],
  ENETUNREACH: ["network unreachable", "réseau inaccessible"],
  ENOENT: ["no such file or directory", "aucun fichier ou répertoire de ce nom"],
  ENOEXEC: ["not an executable format", "format non exécutable"],
  ENOMEM: ["out of memory", "mémoire épuisée"],
  ENOSPC: ["no space left on the device", "plus de place sur le périphérique"],
  ENOSYS: ["the kernel has no such call", "appel inconnu du noyau"],
  ENOTCONN: ["not connected", "non connecté"],
  ENOTDIR: ["not a directory", "pas un répertoire"],
  ENOTEMPTY: ["directory not empty", "répertoire non vide"],
  ENOTTY: ["not a terminal", "pas un terminal"],
  ENXIO: ["no such device or address", "périphérique ou adresse inexistant"],
  EPERM: ["operation not permitted", "opération non permise"],
  EPIPE: ["nobody reads the pipe any more", "plus personne ne lit le tube"],
  EROFS: ["read-only file system", "système de fichiers en lecture seule"],
  ESRCH: ["no such process", "aucun processus de ce nom"],
  ETIMEDOUT: ["timed out", "délai dépassé"],
  ETXTBSY: ["the program is running", "le programme est en cours d’exécution"],
  EXDEV: ["another file system", "autre système de fichiers"],
};
