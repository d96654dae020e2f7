//! Byte strings kept once: paths and the names of what has none.

use std::hash::Hasher as _;

use rustc_hash::{FxHashMap, FxHasher};

/// A byte string in [`Names`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NameId(u32);

/// Every distinct name, one after the other in one buffer: a million paths cost
/// their bytes and 24 more each.
#[derive(Debug, Default)]
pub struct Names {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    by_hash: FxHashMap<u64, NameId>,
}

impl Names {
    /// The id of `name`, which is kept if it is new.
    pub fn intern(&mut self, name: &[u8]) -> NameId {
        let slot = match self.find(name) {
            Ok(id) => return id,
            Err(slot) => slot,
        };
        let id = NameId(self.ends.len() as u32);
        self.bytes.extend_from_slice(name);
        self.ends.push(self.bytes.len());
        self.by_hash.insert(slot, id);
        id
    }

    /// The id of `name`, if it is kept.
    pub fn known(&self, name: &[u8]) -> Option<NameId> {
        self.find(name).ok()
    }

    /// The id of `name`, or the free number where it would stand.
    fn find(&self, name: &[u8]) -> Result<NameId, u64> {
        let mut slot = hash(name);
        // Two names of one hash: the second stands at the next free number.
        while let Some(&id) = self.by_hash.get(&slot) {
            if self.get(id) == name {
                return Ok(id);
            }
            slot = slot.wrapping_add(1);
        }
        Err(slot)
    }

    /// The bytes of a name.
    pub fn get(&self, id: NameId) -> &[u8] {
        let index = id.0 as usize;
        let start = index.checked_sub(1).and_then(|before| self.ends.get(before)).copied();
        let end = self.ends.get(index).copied().unwrap_or_default();
        self.bytes.get(start.unwrap_or_default()..end).unwrap_or_default()
    }
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let mut names = Names::default();
        let passwd = names.intern(b"/etc/passwd");
        let empty = names.intern(b"");
        let odd = names.intern(b"/\xff\n");
        assert_eq!(names.intern(b"/etc/passwd"), passwd);
        assert_eq!(names.get(passwd), b"/etc/passwd");
        assert_eq!(names.get(empty), b"");
        assert_eq!(names.get(odd), b"/\xff\n");
        assert_eq!(names.bytes.len(), 14);
    }
}
