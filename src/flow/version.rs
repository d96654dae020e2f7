//! What is behind a file's name, and how its content changed.
//!
//! A name (a [`Resource`](super::Resource) with a path) leads to a *file*, which is what
//! an inode is in the kernel: it may have several names, or none, and rename(2) gives
//! it another. Its content changes by writes, and a *version* of it is what stands
//! between changes that others could see: it ends when somebody else writes, or when
//! somebody writes after somebody else has read.

use super::item::EventId;
use super::resource::ResourceId;

/// A file, whatever its names: a sequence number in the order of first touch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub(super) u32);

impl FileId {
    /// Its number, counted from 0.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A state of a file's content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VersionId {
    /// The file.
    pub file: FileId,
    /// Which one, counted from 0: the content as the run found it, if it did.
    pub number: u32,
}

/// A file's content has become another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is now.
    pub id: VersionId,
    /// The name by which it was changed.
    pub resource: ResourceId,
    /// The first event that changed it.
    pub event: EventId,
    /// What it was before; `None` where nothing of that is left: the file was made,
    /// or emptied.
    pub before: Option<VersionId>,
}

/// What became of a name in the run. An event is `None` where nothing is known of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// What it leads to now.
    pub file: Option<FileId>,
    /// The last event that made it: open, mkdir, mknod, symlink, link, rename, bind.
    pub created: Option<EventId>,
    /// The last event that removed it, if it has not been made again: unlink, rmdir,
    /// rename.
    pub deleted: Option<EventId>,
    /// Whether content behind it was changed through it.
    pub modified: bool,
}
