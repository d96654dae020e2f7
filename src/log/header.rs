//! What a log says of its run.

use super::layout::{FEATURES, MAGIC, VERSION};
use super::msgpack::{Cursor, Fault, put_fixed_u32};
use super::wire::{self, bins, flag, word};
use serde::{Deserialize, Serialize};

/// The header of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// The run's UUID: random, RFC 9562 version 4.
    #[serde(with = "serde_bytes")]
    pub run: [u8; 16],
    /// The rtrace that wrote the log.
    pub rtrace_version: String,
    /// The machine.
    pub host: Host,
    /// Two clocks, read together at the run's start.
    pub clock: Clock,
    /// argv of the command; empty if rtrace attached.
    #[serde(with = "bins")]
    pub command: Vec<Vec<u8>>,
    /// The directory it was started in.
    #[serde(with = "serde_bytes")]
    pub cwd: Vec<u8>,
    /// What was asked for.
    pub options: Options,
    /// Of a log that is a part of a set of files, which.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// The place of a file in a set that is one log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Part {
    /// Its number, from 1.
    pub number: u64,
    /// How many of the latest parts are kept; 0: all.
    pub keep: u64,
}

/// The machine that a log comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// Host name (`uname` nodename).
    #[serde(with = "serde_bytes")]
    pub name: Vec<u8>,
    /// `/etc/machine-id`; empty if there is none.
    pub machine_id: String,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
    /// Kernel release.
    pub kernel: String,
    /// Processor architecture (`uname` machine).
    pub arch: String,
    /// Addresses of the network interfaces.
    pub addresses: Vec<String>,
}

/// The run's start on two clocks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clock {
    /// CLOCK_REALTIME: nanoseconds since 1970.
    #[serde(with = "word")]
    pub realtime: u64,
    /// CLOCK_MONOTONIC: nanoseconds. The log's times count from here.
    #[serde(with = "word")]
    pub monotonic: u64,
}

/// The options of a run that say what its log can contain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Bytes kept of a data buffer (`-s`).
    #[serde(with = "word")]
    pub string_limit: u64,
    /// The set of calls (`-e trace=`); `None` is all. Of a log that was cut out of
    /// another one several sets, joined by ` & `: calls that are in all of them
    /// ([`Filter::parse_joined`](crate::abi::Filter::parse_joined)).
    pub trace: Option<String>,
    /// Who left the other calls out: `seccomp`, the kernel by a filter; empty: rtrace, or
    /// nobody.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub filter: String,
    /// The name of the set, where it has one: `batch`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub profile: String,
    /// What was learnt beside the calls: `none`, `names`; empty in a log that does
    /// not say.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub facts: String,
    /// Whether environments were recorded.
    #[serde(with = "flag")]
    pub env: bool,
    /// Processes that rtrace attached to.
    pub attached: Vec<u32>,
    /// Of a log that was cut out of another one, the processes or threads that it was cut
    /// to (`rtrace cat --pid`): it has nothing of others. Empty: all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub processes: Vec<u32>,
}

impl Options {
    /// What was recorded, and is also in a log with those options: of what one of both
    /// lacks, nobody knows where it is missing.
    pub(super) fn narrow(&mut self, other: &Self) {
        self.string_limit = self.string_limit.min(other.string_limit);
        if let Some(set) = other.trace.as_deref() {
            set.split(" & ").for_each(|set| self.narrow_to(set));
        }
        let more = other.processes.iter().filter(|pid| !self.processes.contains(pid));
        self.processes.extend(more.copied().collect::<Vec<_>>());
    }

    /// Leaves out all that is of other processes, or threads.
    pub fn narrow_to_processes(&mut self, pids: &[u32]) {
        if !pids.is_empty() {
            self.processes = pids.to_vec();
        }
    }

    /// Leaves out the calls that are not in `set`, too.
    pub fn narrow_to(&mut self, set: &str) {
        match &mut self.trace {
            None => self.trace = Some(set.to_owned()),
            Some(own) if own.split(" & ").any(|known| known == set) => {}
            Some(own) => own.extend([" & ", set]),
        }
    }
}

/// What was found where a header should be.
#[derive(Debug)]
pub(super) enum Parsed {
    /// A sound header and its size.
    Whole(Box<Header>, usize),
    /// Another version than this rtrace knows.
    Newer(u64),
    /// Features that this rtrace does not know.
    Unknown(u64),
}

/// Whether the bytes are the beginning of a log: the head of a map and its first
/// key. `None`: there are too few to tell.
pub(super) fn has_magic(bytes: &[u8]) -> Option<bool> {
    let mut cursor = Cursor::new(bytes);
    let key = cursor.map_head().and_then(|_| cursor.str());
    match key {
        Ok(key) => Some(key == MAGIC.as_bytes()),
        Err(Fault::Short) => None,
        Err(Fault::Wrong) => Some(false),
    }
}

/// The map of a header: what is the same in all versions stands first.
#[derive(Serialize)]
struct Map<'a> {
    rtrace: &'static str,
    version: u64,
    incompat: u64,
    #[serde(flatten)]
    header: &'a Header,
}

impl Header {
    /// Appends the header as it lies in a log: a map and its CRC-32C.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let from = out.len();
        let map = Map { rtrace: "log", version: VERSION, incompat: FEATURES, header: self };
        wire::put(out, &map);
        let crc = crc32c::crc32c(&out[from..]);
        put_fixed_u32(out, crc);
    }

    /// Reads what [`Header::write`] wrote. [`Fault::Short`]: more bytes are
    /// needed; [`Fault::Wrong`]: it is damaged.
    pub(super) fn read(bytes: &[u8]) -> Result<Parsed, Fault> {
        // By hand, for serde cannot tell what has not come yet from what is wrong.
        let mut end = Cursor::new(bytes);
        end.skip()?;
        let map = &bytes[..bytes.len() - end.rest().len()];
        if end.number::<u32>()? != crc32c::crc32c(map) {
            return Err(Fault::Wrong);
        }
        let len = bytes.len() - end.rest().len();
        match first_keys(map)? {
            (version, _) if version > VERSION => Ok(Parsed::Newer(version)),
            (_, features) if features & !FEATURES != 0 => Ok(Parsed::Unknown(features & !FEATURES)),
            _ => Ok(Parsed::Whole(wire::read_map(map)?, len)),
        }
    }
}

/// The version and the features of a header. Not by serde, which wants to
/// understand the keys behind them too: in a newer version those may be anything.
fn first_keys(map: &[u8]) -> Result<(u64, u64), Fault> {
    let mut cursor = Cursor::new(map);
    let (mut version, mut features) = (0, 0);
    for _ in 0..cursor.map()? {
        match cursor.str()? {
            b"version" => version = cursor.int()? as u64,
            b"incompat" => features = cursor.int()? as u64,
            key if key == MAGIC.as_bytes() => cursor.skip()?,
            _ => break,
        }
    }
    Ok((version, features))
}

/// For [`End::read`](super::index::End::read).
pub(super) fn text(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    let bytes = cursor.str()?;
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Fault::Wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Header {
        Header {
            run: std::array::from_fn(|i| i as u8),
            rtrace_version: "0.1.0".into(),
            host: Host {
                name: b"h\xff".to_vec(),
                machine_id: "m".into(),
                boot_id: "b".into(),
                kernel: "6.18".into(),
                arch: "x86_64".into(),
                addresses: vec!["::1".into(), "10.0.0.1".into()],
            },
            clock: Clock { realtime: 1_700_000_000_000_000_000, monotonic: 77 },
            command: vec![b"ls".to_vec(), vec![b'x'; 1 << 21]],
            cwd: b"/tmp".to_vec(),
            options: Options {
                processes: vec![7],
                string_limit: 64,
                trace: Some("%file".into()),
                filter: "seccomp".into(),
                profile: "batch".into(),
                facts: "names".into(),
                env: true,
                attached: vec![1, 70_000],
            },
            part: Some(Part { number: 3, keep: 5 }),
        }
    }

    fn written(header: &Header) -> Vec<u8> {
        let mut out = Vec::new();
        header.write(&mut out);
        out
    }

    #[test]
    fn a_header_comes_back() {
        for header in [full(), Header::default()] {
            let bytes = written(&header);
            let Ok(Parsed::Whole(back, len)) = Header::read(&bytes) else { panic!("no header") };
            assert_eq!((*back, len), (header, bytes.len()));
        }
    }

    #[test]
    fn sets_are_joined_once_each() {
        let mut options = Options::default();
        for set in ["%file", "!open", "%file"] {
            options.narrow_to(set);
        }
        assert_eq!(options.trace.as_deref(), Some("%file & !open"));
        let mut whole = Options { string_limit: 64, ..Options::default() };
        whole.narrow(&Options { string_limit: 32, ..Options::default() });
        assert_eq!((whole.string_limit, whole.trace), (32, None));
    }

    #[test]
    fn a_cut_header_wants_more_and_a_changed_one_is_damaged() {
        let bytes = written(&Header::default());
        for len in 0..bytes.len() {
            assert!(matches!(Header::read(&bytes[..len]), Err(Fault::Short)), "{len}");
        }
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 4;
            assert!(Header::read(&bytes).is_err(), "{at}");
        }
    }

    #[test]
    fn a_newer_version_is_told_whatever_follows() {
        use rmpv::Value;
        let first = |version: u64, incompat: u64| {
            [(MAGIC, "log".into()), ("version", version.into()), ("incompat", incompat.into())]
                .map(|(key, value): (&str, Value)| (Value::from(key), value))
        };
        let others = [("run".into(), Value::Nil), (0.into(), 1.into()), (Value::Nil, "x".into())];
        let read = |map: &[(Value, Value)]| {
            let mut out = Vec::new();
            rmpv::encode::write_value(&mut out, &Value::Map(map.to_vec())).unwrap();
            let crc = crc32c::crc32c(&out);
            put_fixed_u32(&mut out, crc);
            Header::read(&out)
        };
        let newer = [&first(2, 0)[..], &others].concat();
        assert!(matches!(read(&newer), Ok(Parsed::Newer(2))));
        assert!(matches!(read(&newer[..2]), Ok(Parsed::Newer(2))));
        let unknown = [&first(1, 6)[..], &others].concat();
        assert!(matches!(read(&unknown), Ok(Parsed::Unknown(6))));
        assert!(read(&[&first(1, 0)[..], &others].concat()).is_err());
        assert!(matches!(read(&first(1, 0)), Ok(Parsed::Whole(_, _))));
    }
}
