//! What calls do to the names of files.

use super::Flow;
use super::item::{Item, Place};
use super::resource::ResourceId;
use super::touch::Doing;

impl Flow {
    /// The names that the call is about, in the order of its operands.
    fn named(&mut self, doing: &Doing<'_>) -> Vec<ResourceId> {
        let operands = doing.plan.prototype.effect.operands.iter();
        let of = |arg| self.uses.iter().find(|one| one.place == Place::Argument(arg));
        let named = operands.filter_map(|operand| of(operand.arg)).map(|one| one.resource);
        let named: Vec<_> = named.collect();
        named.into_iter().map(|name| self.state.real_name(name)).collect()
    }

    pub(super) fn name_created(&mut self, doing: &Doing<'_>) {
        let paths = &doing.plan.paths;
        let Some(&name) = self.named(doing).first().filter(|_| !paths.is_empty()) else { return };
        if doing.plan.prototype.name.starts_with("mkdir") && self.state.resources.is_directory(name)
        {
            self.before.push(Item::Learnt(name));
        }
        self.state.contents.unlink(name, doing.event); // whatever had the name before
        self.state.contents.created(name, doing.event);
    }

    pub(super) fn name_linked(&mut self, doing: &Doing<'_>) {
        if let [old, new] = *self.named(doing)
            && self.has_content(old)
        {
            self.state.contents.link(old, new, doing.event);
        }
    }

    pub(super) fn name_moved(&mut self, doing: &Doing<'_>) {
        const RENAME_EXCHANGE: u64 = 2;
        let [old, new] = *self.named(doing) else { return };
        let flags = if doing.plan.prototype.name == "renameat2" { doing.word(4) } else { 0 };
        let is_file = self.state.contents.is_bound(old);
        if flags & RENAME_EXCHANGE != 0 {
            self.state.contents.exchange(old, new, doing.event);
            return;
        }
        if !is_file {
            self.directory_moved(doing, old, new);
        }
        self.state.contents.rename(old, new, doing.event);
    }

    /// A name that may be a directory's has been moved, and all names in it with it.
    fn directory_moved(&mut self, doing: &Doing<'_>, old: ResourceId, new: ResourceId) {
        let mut inside = self.state.name_of(old).to_vec();
        inside.push(b'/');
        let state = &self.state;
        let within = |name: &ResourceId| state.name_of(*name).starts_with(&inside);
        let mut names: Vec<ResourceId> = state.contents.bound().filter(within).collect();
        names.sort_unstable();
        for name in names {
            let rest = self.state.name_of(name).get(inside.len()..).unwrap_or_default();
            let path = [self.state.name_of(new), b"/", rest].concat();
            let moved = self.state.file_named(&path);
            self.state.contents.rename(name, moved, doing.event);
        }
    }

    pub(super) fn name_removed(&mut self, doing: &Doing<'_>) {
        if let Some(&name) = self.named(doing).first() {
            self.state.contents.unlink(name, doing.event);
        }
    }
}
