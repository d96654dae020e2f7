//! A log that is a set of files: `run.mp` is its latest part, `run.mp.1`, `run.mp.2`, …
//! are those before, by their numbers.

use super::BlockInfo;
use super::Sizes;
use super::follow::{Follow, PAUSE, Stop};
use super::losses::{Losses, Seen};
use super::single::Single;
use crate::event::{Batch, Kind};
use crate::log::error::Error;
use crate::log::header::{Header, Part};
use crate::log::index::Reason;
use serde::Serialize;
use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// Which parts of a set a log is read from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Parts {
    /// Number of the first that is there; more than 1 if older ones were not kept.
    pub first: u64,
    /// Number of the latest.
    pub last: u64,
    /// Only this one part of the set is read.
    pub is_alone: bool,
}

/// The files of a set, of which one after the other is read.
pub(super) struct Set {
    path: PathBuf,
    /// The header of the part that has the set's own name.
    pub(super) header: Header,
    later: VecDeque<Later>,
    /// All that was read, and what of it is lost.
    pub(super) losses: Losses,
    pub(super) sizes: Sizes,
    pub(super) parts: Parts,
    /// The part that is being read; 0: none was yet.
    number: u64,
    /// Tasks that were told of.
    started: Seen,
    stop: Option<Stop>,
}

/// A part that is yet to be read.
enum Later {
    Named(u64, PathBuf),
    Open(Box<Single>),
}

impl Set {
    /// The set whose latest part was found at `path`; `None` if that is no part of a set,
    /// or was asked for by its own name.
    pub(super) fn of(path: &Path, latest: Single, stop: Option<Stop>) -> Result<Self, Box<Single>> {
        let header = if latest.losses().header {
            header_by_siblings(path, &latest)
        } else {
            Some(latest.header().clone())
        };
        let part = header.as_ref().and_then(|header| header.part);
        let part = part.filter(|part| !has_number(path, part.number));
        let (Some(header), Some(part)) = (header, part) else { return Err(Box::new(latest)) };
        let mut later: VecDeque<Later> = earlier(path, part.number)
            .into_iter()
            .map(|(number, path)| Later::Named(number, path))
            .collect();
        later.push_back(Later::Open(Box::new(latest)));
        Ok(Self {
            path: path.to_owned(),
            header,
            later,
            losses: Losses::default(),
            sizes: Sizes::default(),
            parts: Parts::default(),
            number: 0,
            started: Seen::default(),
            stop,
        })
    }

    /// Adds up what a part had that was read to its end.
    pub(super) fn close(&mut self, part: &Single) {
        self.losses.add_part(part.losses(), self.sizes.total);
        self.sizes.add(part.sizes());
    }

    /// Opens the next part. `now` is the one that was read to its end.
    ///
    /// # Errors
    /// It cannot be read.
    pub(super) fn next(&mut self, now: Option<&Single>) -> Result<Option<Single>, Error> {
        while let Some(later) = self.later.pop_front() {
            let (number, single) = match later {
                Later::Open(single) => (self.header.part.map_or(1, |part| part.number), *single),
                Later::Named(number, path) => match self.open(&path)? {
                    Some(single) => (number, single),
                    None => continue,
                },
            };
            self.begin(number);
            return Ok(Some(single));
        }
        let goes_on = now.and_then(Single::end).is_some_and(|end| end.reason == Reason::NextPart);
        match self.stop.clone().filter(|_| goes_on) {
            Some(stop) => self.wait(&stop),
            None => Ok(None),
        }
    }

    /// Opens an older part. `None` for one that has been removed meanwhile, that is of
    /// an older run, or in which nothing can be read.
    fn open(&self, path: &Path) -> Result<Option<Single>, Error> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file.map_err(|source| Error::Open { path: path.to_owned(), source })?,
        };
        match Single::start(Box::new(file), false) {
            Ok(single) => {
                let is_ours = single.losses().header || single.header().run == self.header.run;
                Ok(is_ours.then_some(single))
            }
            Err(Error::NotALog) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes which part is read, and which are missing before it.
    fn begin(&mut self, number: u64) {
        let keep = self.header.part.map_or(0, |part| part.keep);
        if self.number == 0 {
            self.parts.first = number;
        }
        // Of a ring, those before its first were not kept.
        if self.number > 0 || keep == 0 {
            self.losses.parts += number.saturating_sub(self.number + 1);
        }
        self.number = number;
        self.parts.last = number;
    }

    /// Waits until the part that follows the latest is there.
    fn wait(&mut self, stop: &Stop) -> Result<Option<Single>, Error> {
        let next = self.number + 1;
        let latest = File::open(&self.path);
        let latest = latest.map_err(|source| Error::Open { path: self.path.clone(), source })?;
        loop {
            // Asked first: what was put in place before the writer died is read.
            let is_over = stop(&latest);
            for path in [numbered(&self.path, next), self.path.clone()] {
                let Ok(file) = File::open(path) else { continue };
                let follow = Follow { file, stop: stop.clone() };
                let single = match Single::start(Box::new(follow), true) {
                    Ok(single) => single,
                    Err(Error::NotALog) => continue,
                    Err(error) => return Err(error),
                };
                let header = single.header();
                if header.run == self.header.run && header.part.is_some_and(|p| p.number == next) {
                    self.begin(next);
                    return Ok(Some(single));
                }
            }
            if is_over {
                return Ok(None);
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Takes note of a block. `false` if it has nothing that was not read before: what a
    /// part sums up, those before it have told.
    pub(super) fn take(&mut self, info: &mut BlockInfo, batch: &mut Batch) -> bool {
        info.offset += self.sizes.total;
        if info.is_recap && self.number > self.parts.first {
            self.sift(batch);
            info.records = batch.len() as u64;
        }
        for start in batch.iter().filter(|record| record.kind == Kind::Start) {
            self.started.add(start.task.0.into());
        }
        !batch.is_empty() || !info.is_recap
    }

    /// Leaves of a recap what is new: where parts are missing, tasks began in them.
    fn sift(&self, batch: &mut Batch) {
        let whole = std::mem::take(batch);
        let is_new = |task: crate::event::TaskId| !self.started.has(task.0.into());
        whole.iter().filter(|record| is_new(record.task)).for_each(|record| batch.push(&record));
        let facts = whole.facts().iter().filter(|fact| is_new(fact.task));
        facts.for_each(|fact| batch.push_fact(fact.clone()));
    }
}

/// The header that a latest part had, as the part before it tells, if that is of the
/// same run.
fn header_by_siblings(path: &Path, latest: &Single) -> Option<Header> {
    let (_, before) = earlier(path, u64::MAX).pop()?;
    let before = Single::start(Box::new(File::open(before).ok()?), false).ok()?;
    let header = before.header();
    let part = header.part.filter(|_| before.prefix() == latest.prefix())?;
    Some(Header { part: Some(Part { number: part.number + 1, ..part }), ..header.clone() })
}

/// The name of a part that is not the latest.
fn numbered(path: &Path, number: u64) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    name.into()
}

/// Whether a file's name ends in that number, as that of a part does.
fn has_number(path: &Path, number: u64) -> bool {
    path.extension().is_some_and(|end| end.to_str() == Some(&number.to_string()))
}

/// The older parts that are there, by their numbers.
fn earlier(path: &Path, number: u64) -> Vec<(u64, PathBuf)> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let Some(name) = path.file_name() else { return Vec::new() };
    let number_of = |entry: fs::DirEntry| {
        let found = entry.file_name();
        let rest = found.as_encoded_bytes().strip_prefix(name.as_encoded_bytes())?;
        let text = std::str::from_utf8(rest.strip_prefix(b".")?).ok()?;
        let found: u64 = text.parse().ok()?;
        (found < number && found > 0 && found.to_string() == text).then_some(found)
    };
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let mut numbers: Vec<u64> = entries.filter_map(number_of).collect();
    numbers.sort_unstable();
    numbers.into_iter().map(|number| (number, numbered(path, number))).collect()
}

impl From<Part> for Parts {
    fn from(part: Part) -> Self {
        Self { first: part.number, last: part.number, is_alone: true }
    }
}
