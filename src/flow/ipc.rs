//! Things without a descriptor or a path, that calls name by a number: System V's
//! shared memory, message queues and semaphores (sysvipc(7)), users (credentials(7)).
//! And POSIX message queues, which have names of their own (mq_overview(7)).

use super::Flow;
use super::item::{Place, Use};
use super::plan::Plan;
use super::resource::{Class, ResourceId};
use super::user::wanted_user;
use crate::abi::{Prototype, Verb};
use crate::event::{Record, Role};

/// How a call names such a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// The key is its first argument, and the result its number.
    Gets(Class),
    /// Its number is the first argument.
    Has(Class, Verb),
    /// The first argument is a POSIX message queue's name.
    Queue,
    /// That argument is the user that the caller becomes, in effect.
    Becomes(u8),
    /// `SO_PEERCRED` of a socket tells a user.
    Asks,
}

impl Naming {
    pub(super) fn of(prototype: &Prototype) -> Option<Self> {
        use Class::{MessageQueue, Semaphore, SharedMemory};
        Some(match prototype.name {
            "shmget" => Self::Gets(SharedMemory),
            "msgget" => Self::Gets(MessageQueue),
            "semget" => Self::Gets(Semaphore),
            "shmat" => Self::Has(SharedMemory, Verb::Maps),
            "shmctl" => Self::Has(SharedMemory, Verb::Controls),
            "msgsnd" => Self::Has(MessageQueue, Verb::Writes),
            "msgrcv" => Self::Has(MessageQueue, Verb::Reads),
            "msgctl" => Self::Has(MessageQueue, Verb::Controls),
            "semop" | "semtimedop" | "semtimedop_time64" | "semctl" => {
                Self::Has(Semaphore, Verb::Controls)
            }
            "mq_unlink" => Self::Queue,
            "setuid" | "setuid32" => Self::Becomes(0),
            "setreuid" | "setreuid32" | "setresuid" | "setresuid32" => Self::Becomes(1),
            "getsockopt" => Self::Asks,
            _ => return None,
        })
    }
}

/// What the kernel knows such a thing by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Number {
    /// Its identifier, of a user the user id.
    pub id: u32,
    /// The key by which programs find it; `None` where that was not seen, or it is
    /// private.
    pub key: Option<u32>,
}

impl Flow {
    /// What a call's arguments name, as far as it is known before the call ends.
    pub(super) fn name_numbers(&mut self, record: &Record<'_>, plan: &Plan) {
        let (arg, verb, resource) = match plan.naming {
            Some(Naming::Has(class, verb)) => {
                (0, verb, self.state.numbered(class, record.words[0] as u32, None))
            }
            Some(Naming::Becomes(arg)) => {
                let process = self.state.process_of(record.task);
                if process.is_some_and(|process| process.has_own_users) {
                    return; // the number is none of the machine's
                }
                let Some(user) = wanted_user(record, arg) else { return };
                (arg, Verb::Credits, self.state.numbered(Class::User, user, None))
            }
            Some(Naming::Queue) => {
                let Some(queue) = self.queue(record) else { return };
                (0, Verb::Unlinks, queue)
            }
            Some(Naming::Gets(_) | Naming::Asks) | None => return,
        };
        self.uses.push(Use { place: Place::Argument(arg), verb, resource, version: None });
    }

    /// What a call that succeeded has named by its result.
    pub(super) fn name_numbered_result(&mut self, record: &Record<'_>, plan: &Plan) {
        const SOL_SOCKET: u64 = 1;
        const SO_PEERCRED: u64 = 17;
        match plan.naming {
            Some(Naming::Gets(class)) => {
                let key = Some(record.words[0] as u32).filter(|key| *key != 0);
                let resource = self.state.numbered(class, record.result as u32, key);
                let place = Place::Result;
                self.uses.push(Use { place, verb: Verb::None, resource, version: None });
            }
            Some(Naming::Becomes(arg)) => self.became(record, arg),
            Some(Naming::Asks) if record.words[1..3] == [SOL_SOCKET, SO_PEERCRED] => {
                // struct ucred: process, user, group (unix(7)).
                let user = record.pieces.iter().filter(|piece| piece.arg == 3);
                let user = user.filter_map(|piece| record.bytes(piece).get(4..8)).next_back();
                let Some(user) = user.and_then(|user| user.try_into().ok()) else { return };
                let user = u32::from_le_bytes(user);
                let resource = self.state.numbered(Class::User, user, None);
                let place = Place::Argument(3);
                self.uses.push(Use { place, verb: Verb::Looks, resource, version: None });
            }
            _ => {}
        }
    }

    /// The POSIX message queue that the first argument names; glibc has taken its slash
    /// away.
    pub(super) fn queue(&mut self, record: &Record<'_>) -> Option<ResourceId> {
        let name = record.bytes(record.piece(0, Role::Str)?);
        let name = name.strip_prefix(b"/").unwrap_or(name);
        let name = self.state.names.intern(&[b"mqueue:/", name].concat());
        Some(self.state.resources.at_name(Class::MessageQueue, name))
    }
}
