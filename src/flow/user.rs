//! As whom processes act: the effective users (credentials(7)) of their first threads.

use super::Flow;
use super::item::Item;
use super::resource::Class;
use crate::abi::Abi;
use crate::event::{Fact, FactKey, Record, TaskId};

/// What a recap says of a process whose users have other numbers than the tracer's.
pub(super) const OWN_USERS: &[u8] = b"user";
/// A flag of clone(2), unshare(2) and setns(2).
const CLONE_NEWUSER: u64 = 0x1000_0000;

impl Flow {
    /// A fact tells as whom a process acts, by the number that the tracer sees.
    pub(super) fn user_fact(&mut self, fact: &Fact) {
        if let Some(user) = fact.number(FactKey::Uid) {
            self.acts_as(fact.task, Some(user as u32));
        }
    }

    /// What a recap tells of a process: as whom it acts, and whether numbers of users are its
    /// own.
    pub(super) fn user_of_recap(&mut self, fact: &Fact) {
        let spaces = fact.list(FactKey::Namespaces).unwrap_or_default();
        if spaces.iter().any(|space| space == OWN_USERS) {
            self.left_users(fact.task, CLONE_NEWUSER);
        }
        self.user_fact(fact);
    }

    /// A call that succeeded has made its caller another user, in effect; an argument has
    /// its number.
    pub(super) fn became(&mut self, record: &Record<'_>, arg: u8) {
        let Some(process) = self.state.process_of(record.task) else { return };
        // The tracer's numbers are other ones, which only a fact tells.
        let is_known = !process.has_own_users;
        if let Some(user) = wanted_user(record, arg) {
            self.acts_as(record.task, Some(user).filter(|_| is_known));
        }
    }

    /// A task's process has other numbers of users from now on: unshare(2), setns(2).
    pub(super) fn left_users(&mut self, task: TaskId, flags: u64) {
        let Some(process) = self.state.process_of(task).map(|process| process.id) else { return };
        if let Some(process) = self.state.processes.get_mut(&process)
            && flags & CLONE_NEWUSER != 0
        {
            process.has_own_users = true;
        }
    }

    /// setns(2): by the descriptor of a namespace, or of a process.
    pub(super) fn joined_namespaces(&mut self, record: &Record<'_>) {
        let [_, kind, ..] = record.words;
        // 0: of whichever sort it is; then users may have other numbers, too.
        if kind == 0 || kind & CLONE_NEWUSER != 0 {
            self.left_users(record.task, CLONE_NEWUSER);
        }
        self.joined_space(record);
    }

    /// A child has been made with numbers of its own. If it has changed its user before
    /// that was known, the number that it gave was none of the tracer's.
    pub(super) fn made_with_users(&mut self, maker: TaskId, child: TaskId, flags: u64) {
        if flags & CLONE_NEWUSER == 0 {
            return;
        }
        let user = self.state.process_of(maker).and_then(|process| process.user);
        if let Some(process) = self.state.processes.get_mut(&child) {
            process.has_own_users = true;
            process.user = process.user.filter(|own| user == Some(*own));
        }
    }

    fn acts_as(&mut self, task: TaskId, user: Option<u32>) {
        let user = user.map(|user| self.state.numbered(Class::User, user, None));
        let Some(process) = self.state.process_of(task).map(|process| process.id) else { return };
        let Some(process) = self.state.processes.get_mut(&process) else { return };
        if std::mem::replace(&mut process.user, user) != user && user.is_some() {
            self.before.push(Item::ActsAs(process.id));
        }
    }
}

/// The user that an argument asks for; nothing where it is -1, which leaves it as it is
/// (setreuid(2)). The i386 ABI's first calls have numbers of 16 bits.
pub(super) fn wanted_user(record: &Record<'_>, arg: u8) -> Option<u32> {
    const NARROW: [u64; 3] = [23, 70, 164]; // setuid, setreuid, setresuid
    let word = *record.words.get(usize::from(arg))? as u32;
    let is_narrow =
        record.call.is_some_and(|call| call.abi == Abi::I386 && NARROW.contains(&call.nr));
    let (user, unchanged) = if is_narrow { (word & 0xffff, 0xffff) } else { (word, u32::MAX) };
    (user != unchanged).then_some(user)
}
