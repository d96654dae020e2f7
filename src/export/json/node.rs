//! What the document has of each kind of node. `docs/schema/batchflow.json` says what
//! the members are.

use serde::Serialize;

use super::environment::Environment;
use super::link::FirstLast;
use super::meta::RunMeta;
use super::text::Text;
use super::touch::Held;
use crate::flow::graph::Amount;
use crate::flow::{self, Authority, Moniker};

/// A node.
#[derive(Debug, Serialize)]
pub(super) struct Node<'a> {
    pub(super) id: String,
    pub(super) class: &'static str,
    pub(super) label: String,
    pub(super) moniker: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Giver::is_here")]
    pub(super) authority: Giver<'a>,
    pub(super) deleted: bool,
    pub(super) revision: u32,
    #[serde(flatten)]
    pub(super) what: What<'a>,
}

impl<'a> Node<'a> {
    /// One that exists, without a name outside of its run.
    pub(super) fn new(id: String, class: &'static str, revision: u32, what: What<'a>) -> Self {
        let (label, deleted, authority) = (String::new(), false, Giver::Here);
        Self { id, class, label, moniker: None, authority, deleted, revision, what }
    }

    /// Sets its moniker, and who gives that.
    pub(super) fn named(&mut self, moniker: Option<&Moniker<'_>>) {
        let Some(moniker) = moniker else { return };
        self.moniker = Some(moniker.to_bytes().into());
        self.authority = match moniker.authority {
            Authority::Everywhere => Giver::Nobody,
            Authority::Machine | Authority::Boot => Giver::Here,
            Authority::Server(name) => Giver::Other(name.to_vec().into()),
        };
    }
}

/// Who gives a moniker.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Giver<'a> {
    /// The machine of the run.
    Here,
    /// It is the same everywhere.
    Nobody,
    Other(Text<'a>),
}

impl Giver<'_> {
    fn is_here(&self) -> bool {
        matches!(self, Self::Here)
    }
}

/// What else it has.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum What<'a> {
    Run(Run<'a>),
    Host(Host<'a>),
    Process(Process<'a>),
    Execution(Execution<'a>),
    Thread(Thread),
    Resource(Resource<'a>),
    Function(Function),
    Event(super::event::Details),
}

#[derive(Debug, Serialize)]
pub(super) struct Run<'a> {
    pub(super) command: &'a [Text<'static>],
    pub(super) cwd: &'a Text<'static>,
    pub(super) started: u64,
    pub(super) ended: u64,
}

#[derive(Debug, Serialize)]
pub(super) struct Host<'a> {
    pub(super) name: &'a Text<'static>,
    pub(super) machine_id: Option<&'a str>,
    pub(super) boot_id: Option<&'a str>,
    pub(super) addresses: &'a [String],
    pub(super) kernel: &'a str,
}

impl<'a> Host<'a> {
    pub(super) fn of(run: &'a RunMeta) -> Self {
        Self {
            name: &run.host,
            machine_id: run.machine_id.as_deref(),
            boot_id: run.boot_id.as_deref(),
            addresses: &run.addresses,
            kernel: &run.kernel,
        }
    }
}

/// What a process had read and written in all when it ended.
#[derive(Debug, Serialize)]
pub(super) struct Account {
    read: u64,
    written: u64,
    fetched: u64,
    stored: u64,
}

impl From<flow::Account> for Account {
    fn from(account: flow::Account) -> Self {
        let flow::Account { taken, given, fetched, stored } = account;
        Self { read: taken, written: given, fetched, stored }
    }
}

#[derive(Debug, Serialize)]
pub(super) struct Process<'a> {
    pub(super) pid: u32,
    pub(super) parent: Option<String>,
    /// The execution whose program it goes on with, while it has executed none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) program: Option<String>,
    pub(super) started: u64,
    pub(super) ended: Option<u64>,
    pub(super) end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) exit_code: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signal: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) signal_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) core: Option<bool>,
    pub(super) threads: u32,
    pub(super) calls: u64,
    pub(super) errors: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) account: Option<Account>,
    /// The name of what it called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) profile: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) users: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) partial: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failure: Option<Failure<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) said: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sigchld: Option<u64>,
    #[serde(flatten)]
    pub(super) held: Held<'a>,
}

/// The failed call that is to blame for a bad end.
#[derive(Debug, Serialize)]
pub(super) struct Failure<'a> {
    pub(super) event: String,
    pub(super) time: u64,
    pub(super) call: Option<&'static str>,
    pub(super) error: String,
    pub(super) names: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<Text<'a>>,
}

#[derive(Debug, Serialize)]
pub(super) struct Execution<'a> {
    pub(super) process: String,
    pub(super) started: u64,
    pub(super) ended: Option<u64>,
    pub(super) executable: Option<Text<'a>>,
    pub(super) argv: Vec<Text<'a>>,
    pub(super) cwd: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) user: Option<String>,
    pub(super) environment: Option<Environment<'a>>,
    #[serde(flatten)]
    pub(super) held: Held<'a>,
}

#[derive(Debug, Serialize)]
pub(super) struct Thread {
    pub(super) process: String,
    pub(super) tid: u32,
    pub(super) origin: &'static str,
    pub(super) started: u64,
    pub(super) ended: Option<u64>,
    pub(super) calls: u64,
}

#[derive(Debug, Default, Serialize)]
pub(super) struct Resource<'a> {
    /// Where the label is something else.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) inode: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) mode: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) socket: Option<Socket<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) database: Option<Store<'a>>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) path: Option<Path>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) read: Option<Read>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) written: Option<Written>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) span: Option<FirstLast>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) versions: Vec<Version>,
}

#[derive(Debug, Serialize)]
pub(super) struct Function {
    pub(super) abi: &'static str,
    pub(super) calls: u64,
    pub(super) errors: u64,
}

/// A state of a file's content that came about in the run.
#[derive(Debug, Serialize)]
pub(super) struct Version {
    #[serde(rename = "version")]
    pub(super) name: String,
    pub(super) by: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) event: Option<String>,
    pub(super) time: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) before: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Socket<'a> {
    pub(super) protocol: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) local: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) remote: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) peer: Option<String>,
}

#[derive(Debug, Serialize)]
pub(super) struct Store<'a> {
    pub(super) system: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) server: Option<Text<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) database: Option<Text<'a>>,
}

/// What became of a name.
#[derive(Debug, Serialize)]
pub(super) struct Path {
    /// `true`, or `null` where that is not known; absent if it was not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) modified: Option<serde_json::Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) created_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) deleted_by: Option<String>,
}

/// Bytes taken from a thing, `null` where that is not known exactly.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Read {
    read: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    read_at_least: Option<u64>,
}

impl From<Amount> for Read {
    fn from(amount: Amount) -> Self {
        Self { read: amount.known(), read_at_least: at_least(amount) }
    }
}

/// Bytes given to a thing, `null` where that is not known exactly.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Written {
    written: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    written_at_least: Option<u64>,
}

impl From<Amount> for Written {
    fn from(amount: Amount) -> Self {
        Self { written: amount.known(), written_at_least: at_least(amount) }
    }
}

fn at_least(amount: Amount) -> Option<u64> {
    (amount.is_at_least && amount.bytes > 0).then_some(amount.bytes)
}
