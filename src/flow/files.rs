//! Files behind names and descriptors.

use rustc_hash::FxHashMap;

use super::content::{Content, Deed};
use super::descriptors::Descriptors;
use super::item::EventId;
use super::pool::Pool;
use super::resource::{Identity, ResourceId};
use super::version::{FileId, Name};

/// An open file description (open(2)): what descriptors that were copied share.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct OpenId(u32);

/// What is known of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenFile {
    pub(super) file: FileId,
    /// Where the next byte is read or written, if that is known.
    pub(super) offset: Option<u64>,
    /// `O_APPEND`: writes go to the end, wherever it is.
    pub(super) appends: bool,
}

#[derive(Debug)]
struct File {
    content: Content,
    identity: Option<Identity>,
    /// How many names lead to it.
    names: u32,
}

/// All files of a run, what their names are and who has them open.
#[derive(Debug, Default)]
pub(super) struct Files {
    all: Vec<File>,
    names: FxHashMap<ResourceId, Name>,
    by_identity: FxHashMap<Identity, FileId>,
    open: Vec<Option<OpenFile>>,
    free: Vec<u32>,
    /// When so many are open, those that no table has are forgotten.
    full: usize,
}

impl Files {
    pub(super) fn name(&self, id: ResourceId) -> Name {
        self.names.get(&id).copied().unwrap_or_default()
    }

    pub(super) fn content(&mut self, file: FileId) -> Option<&mut Content> {
        self.all.get_mut(file.index()).map(|file| &mut file.content)
    }

    fn add(&mut self, content: Content) -> FileId {
        self.all.push(File { content, identity: None, names: 0 });
        FileId(self.all.len() as u32 - 1)
    }

    /// The file behind a name, which may have been there before the run, or another
    /// name of one that is known. Where the inode is known and is another one than it
    /// was, somebody who is not recorded has replaced the file, or the name is that of
    /// another mount namespace.
    pub(super) fn behind(&mut self, name: ResourceId, identity: Option<Identity>) -> FileId {
        let is_same = |file: &FileId| {
            let known = self.all.get(file.index()).and_then(|file| file.identity);
            identity.is_none() || known.is_none() || identity == known
        };
        if let Some(file) = self.name(name).file.filter(is_same) {
            self.identify(file, identity);
            return file;
        }
        let known = identity.and_then(|identity| self.by_identity.get(&identity).copied());
        let file = known.unwrap_or_else(|| self.add(Content::default()));
        // The file that it led to may still be there, for others.
        self.leads_to(name, file);
        self.identify(file, identity);
        file
    }

    /// The deed made a file of that name.
    pub(super) fn make(
        &mut self,
        name: ResourceId,
        identity: Option<Identity>,
        deed: &Deed,
    ) -> FileId {
        let file = self.add(Content::made(deed));
        self.bind(name, file);
        self.created(name, deed.event);
        self.identify(file, identity);
        file
    }

    /// Inode numbers are used again: the last file that has one is meant.
    fn identify(&mut self, file: FileId, identity: Option<Identity>) {
        if let (Some(identity), Some(known)) = (identity, self.all.get_mut(file.index())) {
            known.identity = Some(identity);
            self.by_identity.insert(identity, file);
        }
    }

    /// A name leads to a file from now on, and no longer to the one that it led to.
    fn bind(&mut self, name: ResourceId, file: FileId) {
        let before = self.leads_to(name, file);
        self.loses_name(before);
    }

    /// A name leads to a file: gives the other one that it led to.
    fn leads_to(&mut self, name: ResourceId, file: FileId) -> Option<FileId> {
        let before = self.names.entry(name).or_default().file.replace(file);
        if before == Some(file) {
            return None;
        }
        if let Some(known) = self.all.get_mut(file.index()) {
            known.names += 1;
            if let Some(identity) = known.identity {
                self.by_identity.entry(identity).or_insert(file);
            }
        }
        before
    }

    /// A name no longer leads to a file. One without a name can only be reached by its
    /// descriptors, and when those are closed its inode is another file's.
    fn loses_name(&mut self, id: Option<FileId>) {
        let Some(id) = id else { return };
        let Some(file) = self.all.get_mut(id.index()) else { return };
        file.names = file.names.saturating_sub(1);
        if let Some(identity) = file.identity.filter(|_| file.names == 0)
            && self.by_identity.get(&identity) == Some(&id)
        {
            self.by_identity.remove(&identity);
        }
    }

    /// The name is there now.
    pub(super) fn created(&mut self, name: ResourceId, event: EventId) {
        let entry = self.names.entry(name).or_default();
        (entry.created, entry.deleted) = (Some(event), None);
    }

    pub(super) fn modified(&mut self, name: ResourceId) {
        self.names.entry(name).or_default().modified = true;
    }

    /// The name is no longer there.
    pub(super) fn unlink(&mut self, name: ResourceId, event: EventId) {
        let entry = self.names.entry(name).or_default();
        entry.deleted = Some(event);
        let before = entry.file.take();
        self.loses_name(before);
    }

    /// The file behind `old` has the name `new` too.
    pub(super) fn link(&mut self, old: ResourceId, new: ResourceId, event: EventId) {
        let file = self.behind(old, None);
        self.bind(new, file);
        self.created(new, event);
    }

    /// What was behind `old` is behind `new`.
    pub(super) fn rename(&mut self, old: ResourceId, new: ResourceId, event: EventId) {
        if old == new {
            return;
        }
        let file = self.behind(old, None);
        if self.name(new).file == Some(file) {
            return; // two names of one file: rename(2) does nothing
        }
        self.bind(new, file);
        self.created(new, event);
        self.unlink(old, event);
    }

    /// Each gets what was behind the other (`RENAME_EXCHANGE`).
    pub(super) fn exchange(&mut self, one: ResourceId, other: ResourceId, event: EventId) {
        let (first, second) = (self.behind(one, None), self.behind(other, None));
        self.bind(one, second);
        self.bind(other, first);
        self.created(one, event);
        self.created(other, event);
    }

    /// Names that lead to a file.
    pub(super) fn bound(&self) -> impl Iterator<Item = ResourceId> {
        self.names.iter().filter(|(_, name)| name.file.is_some()).map(|(id, _)| *id)
    }

    /// Whether a name leads to a file that has been touched.
    pub(super) fn is_bound(&self, name: ResourceId) -> bool {
        self.name(name).file.is_some()
    }

    /// Somebody has opened a file.
    pub(super) fn open(&mut self, open: OpenFile) -> OpenId {
        if let Some(free) = self.free.pop() {
            self.open[free as usize] = Some(open);
            return OpenId(free);
        }
        self.open.push(Some(open));
        OpenId(self.open.len() as u32 - 1)
    }

    pub(super) fn opened(&mut self, id: OpenId) -> Option<&mut OpenFile> {
        self.open.get_mut(id.0 as usize)?.as_mut()
    }

    /// Whether so many are open that it is worth while to look which still are.
    pub(super) fn is_full(&self) -> bool {
        self.open.len() - self.free.len() > self.full
    }

    /// Forgets what no table has any more.
    pub(super) fn sweep(&mut self, tables: &Pool<Descriptors>) {
        const LEAST: usize = 1 << 10;
        let mut is_live = vec![false; self.open.len()];
        let held = tables.values().flat_map(Descriptors::iter);
        for id in held.filter_map(|(_, descriptor)| descriptor.open) {
            if let Some(place) = is_live.get_mut(id.0 as usize) {
                *place = true;
            }
        }
        for (index, place) in (0..).zip(&mut self.open) {
            if !is_live[index as usize] && place.take().is_some() {
                self.free.push(index);
            }
        }
        self.full = LEAST.max(2 * (self.open.len() - self.free.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::TaskId;

    #[test]
    fn the_inode_of_a_removed_file_is_another_ones() {
        let mut files = Files::default();
        let event = EventId { task: TaskId(1), ordinal: 1 };
        let [first, second, third] = [0, 1, 2].map(ResourceId::from_index);
        let inode = Some(Identity { device: 1, inode: 7 });
        let file = files.behind(first, inode);
        files.link(first, second, event);
        files.unlink(first, event);
        assert_eq!(files.behind(third, inode), file, "it has a name yet");
        files.unlink(second, event);
        files.unlink(third, event);
        assert_ne!(files.behind(first, inode), file);
        // A file that another one takes the place of is gone, too.
        let old = files.behind(first, None);
        files.behind(second, None);
        files.rename(second, first, event);
        assert_ne!(files.behind(third, inode), old);
    }
}
