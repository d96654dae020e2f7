//! What a log says of its run.

use super::layout::{FEATURES, MAGIC, VERSION};
use super::msgpack::{
    Cursor, Fault, put_array, put_bin, put_fixed_u32, put_int, put_key, put_map, put_nil, put_str,
};

/// The header of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// The run's UUID: random, RFC 9562 version 4.
    pub run: [u8; 16],
    /// The rtrace that wrote the log.
    pub rtrace_version: String,
    /// The machine.
    pub host: Host,
    /// Two clocks, read together at the run's start.
    pub clock: Clock,
    /// argv of the command; empty if rtrace attached.
    pub command: Vec<Vec<u8>>,
    /// The directory it was started in.
    pub cwd: Vec<u8>,
    /// What was asked for.
    pub options: Options,
}

/// The machine that a log comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// Host name (`uname` nodename).
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
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Clock {
    /// CLOCK_REALTIME: nanoseconds since 1970.
    pub realtime: u64,
    /// CLOCK_MONOTONIC: nanoseconds. The log's times count from here.
    pub monotonic: u64,
}

/// The options of a run that say what its log can contain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Bytes kept of a data buffer (`-s`).
    pub string_limit: u64,
    /// The set of calls (`-e trace=`); `None` is all.
    pub trace: Option<String>,
    /// Whether environments were recorded.
    pub env: bool,
    /// Processes that rtrace attached to.
    pub attached: Vec<u32>,
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

impl Header {
    /// Appends the header as it lies in a log: a map and its CRC-32C.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let from = out.len();
        put_map(out, 10);
        put_key(out, MAGIC);
        put_str(out, "log");
        put_key(out, "version");
        put_int(out, VERSION as i64);
        put_key(out, "incompat");
        put_int(out, FEATURES as i64);
        put_key(out, "run");
        put_bin(out, &self.run);
        put_key(out, "rtrace_version");
        put_str(out, &self.rtrace_version);
        put_key(out, "host");
        self.host.write(out);
        put_key(out, "clock");
        self.clock.write(out);
        put_key(out, "command");
        put_array(out, self.command.len());
        self.command.iter().for_each(|argument| put_bin(out, argument));
        put_key(out, "cwd");
        put_bin(out, &self.cwd);
        put_key(out, "options");
        self.options.write(out);
        let crc = crc32c::crc32c(&out[from..]);
        put_fixed_u32(out, crc);
    }

    /// Reads what [`Header::write`] wrote. [`Fault::Short`]: more bytes are
    /// needed; [`Fault::Wrong`]: it is damaged.
    pub(super) fn read(bytes: &[u8]) -> Result<Parsed, Fault> {
        let mut end = Cursor::new(bytes);
        end.skip()?;
        let map = &bytes[..bytes.len() - end.rest().len()];
        if end.number::<u32>()? != crc32c::crc32c(map) {
            return Err(Fault::Wrong);
        }
        let len = bytes.len() - end.rest().len();

        let mut header = Self::default();
        let (mut version, mut features) = (0, 0);
        let mut cursor = Cursor::new(map);
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"version" => version = cursor.int()? as u64,
                b"incompat" => features = cursor.int()? as u64,
                // What follows may mean anything in a newer version.
                _ if version > VERSION => return Ok(Parsed::Newer(version)),
                _ if features & !FEATURES != 0 => return Ok(Parsed::Unknown(features & !FEATURES)),
                b"run" => header.run = cursor.bin()?.try_into().map_err(|_| Fault::Wrong)?,
                b"rtrace_version" => header.rtrace_version = text(&mut cursor)?,
                b"host" => header.host = Host::read(&mut cursor)?,
                b"clock" => header.clock = Clock::read(&mut cursor)?,
                b"command" => header.command = list(&mut cursor, |c| c.bin().map(<[u8]>::to_vec))?,
                b"cwd" => header.cwd = cursor.bin()?.to_vec(),
                b"options" => header.options = Options::read(&mut cursor)?,
                _ => cursor.skip()?,
            }
        }
        Ok(Parsed::Whole(Box::new(header), len))
    }
}

impl Host {
    fn write(&self, out: &mut Vec<u8>) {
        put_map(out, 6);
        put_key(out, "name");
        put_bin(out, &self.name);
        let texts = [
            ("machine_id", &self.machine_id),
            ("boot_id", &self.boot_id),
            ("kernel", &self.kernel),
            ("arch", &self.arch),
        ];
        for (key, value) in texts {
            put_key(out, key);
            put_str(out, value);
        }
        put_key(out, "addresses");
        put_array(out, self.addresses.len());
        self.addresses.iter().for_each(|address| put_str(out, address));
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut host = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"name" => host.name = cursor.bin()?.to_vec(),
                b"machine_id" => host.machine_id = text(cursor)?,
                b"boot_id" => host.boot_id = text(cursor)?,
                b"kernel" => host.kernel = text(cursor)?,
                b"arch" => host.arch = text(cursor)?,
                b"addresses" => host.addresses = list(cursor, text)?,
                _ => cursor.skip()?,
            }
        }
        Ok(host)
    }
}

impl Clock {
    fn write(self, out: &mut Vec<u8>) {
        put_map(out, 2);
        put_key(out, "realtime");
        put_int(out, self.realtime as i64);
        put_key(out, "monotonic");
        put_int(out, self.monotonic as i64);
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut clock = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"realtime" => clock.realtime = cursor.int()? as u64,
                b"monotonic" => clock.monotonic = cursor.int()? as u64,
                _ => cursor.skip()?,
            }
        }
        Ok(clock)
    }
}

impl Options {
    fn write(&self, out: &mut Vec<u8>) {
        put_map(out, 4);
        put_key(out, "string_limit");
        put_int(out, self.string_limit as i64);
        put_key(out, "trace");
        match &self.trace {
            Some(trace) => put_str(out, trace),
            None => put_nil(out),
        }
        put_key(out, "env");
        put_int(out, self.env.into());
        put_key(out, "attached");
        put_array(out, self.attached.len());
        self.attached.iter().for_each(|pid| put_int(out, (*pid).into()));
    }

    fn read(cursor: &mut Cursor<'_>) -> Result<Self, Fault> {
        let mut options = Self::default();
        for _ in 0..cursor.map()? {
            match cursor.str()? {
                b"string_limit" => options.string_limit = cursor.int()? as u64,
                b"trace" if cursor.peek()? == 0xc0 => cursor.skip()?,
                b"trace" => options.trace = Some(text(cursor)?),
                b"env" => options.env = cursor.int()? != 0,
                b"attached" => options.attached = list(cursor, Cursor::number)?,
                _ => cursor.skip()?,
            }
        }
        Ok(options)
    }
}

pub(super) fn text(cursor: &mut Cursor<'_>) -> Result<String, Fault> {
    let bytes = cursor.str()?;
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| Fault::Wrong)
}

fn list<'a, T>(
    cursor: &mut Cursor<'a>,
    mut item: impl FnMut(&mut Cursor<'a>) -> Result<T, Fault>,
) -> Result<Vec<T>, Fault> {
    let len = cursor.array()?;
    (0..len).map(|_| item(cursor)).collect()
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
                string_limit: 64,
                trace: Some("%file".into()),
                env: true,
                attached: vec![1, 70_000],
            },
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
        let mut out = Vec::new();
        put_map(&mut out, 3);
        put_key(&mut out, MAGIC);
        put_str(&mut out, "log");
        put_key(&mut out, "version");
        put_int(&mut out, 2);
        put_key(&mut out, "run");
        put_nil(&mut out);
        let crc = crc32c::crc32c(&out);
        put_fixed_u32(&mut out, crc);
        assert!(matches!(Header::read(&out), Ok(Parsed::Newer(2))));
    }
}
