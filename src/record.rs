//! The facade that joins the tracer to the log: run a command, have a log.
//!
//! The tracer's thread fills batches; a writer's thread turns them into blocks.
//! Between them is a bounded channel: a tracer that is ahead waits, and nothing
//! is lost. A third thread wakes the tracer now and then, so that a quiet tree's
//! last observations reach the log too.

mod channel;
mod series;
mod spool;
mod watch;

pub use series::{Limit, Parts, Rotation};
pub use watch::{Print, Watch};

use channel::{Channel, Ends, IN_FLIGHT};

use crate::abi::Profile;
use crate::log::{self, Clock, End, Header, Host, Reason, Totals};
use crate::sys::{affinity, clock, signals};
use crate::tracer::{self, Ending, Launch, Options, Outcome, Tracer};
use series::Series;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How often the tracer is woken while it has something to hand over …
const WAKE: Duration = Duration::from_millis(25);
/// … and while tasks share its processor that may want another one.
const CROWDED: Duration = Duration::from_millis(5);

/// What a recording came to.
#[derive(Debug)]
pub struct Recorded {
    /// How the tree ended.
    pub outcome: Outcome,
    /// What is in the log.
    pub totals: Totals,
    /// Nanoseconds from start to end.
    pub time: u64,
    /// Why recording failed, where it did; the tree ran on.
    pub failure: Option<log::Error>,
}

/// Records one command.
#[derive(Debug, Clone, Default)]
pub struct Recorder {
    /// What to record, and until when.
    pub options: Options,
    /// The text of the filter, for the header; `None` where all calls are recorded.
    pub trace: Option<String>,
    /// When to go on in another file, if ever.
    pub rotation: Option<Rotation>,
}

impl Recorder {
    /// Runs a command to its end and writes its log to `out`, while `watch` looks
    /// on (`()` does not). The calling process should have no other thread and no
    /// other child: the command is started by `fork(2)`, and every child is waited for.
    ///
    /// # Errors
    /// The command cannot be started or traced; the log cannot be begun.
    pub fn run<W: Write + Send + 'static>(
        &self,
        launch: &Launch,
        out: W,
        watch: impl Watch,
    ) -> Result<Recorded, Error> {
        self.run_with(launch, out, watch, || ())
    }

    /// As [`Recorder::run`]; calls `begun` once the command has executed its program,
    /// before that has done anything. What is in the log by then is its header.
    ///
    /// # Errors
    /// As [`Recorder::run`].
    pub fn run_with<W: Write + Send + 'static>(
        &self,
        launch: &Launch,
        out: W,
        watch: impl Watch,
        begun: impl FnOnce() + 'static,
    ) -> Result<Recorded, Error> {
        let cwd = match &launch.dir {
            Some(dir) => fs::canonicalize(dir).or_else(|_| std::path::absolute(dir)),
            None => std::env::current_dir(),
        };
        let header = Header {
            command: launch.argv.iter().map(|word| word.as_bytes().to_vec()).collect(),
            cwd: cwd.unwrap_or_default().as_os_str().as_bytes().to_vec(),
            ..self.header(Vec::new())
        };
        let name = launch.argv.first().cloned().unwrap_or_default();
        let (sink, ends) = Channel::new(Box::new(begun));
        let mut tracer = Tracer::new(self.options.clone(), sink, header.clock.monotonic);
        tracer.launch(launch)?;
        // After the command has its caller's actions, and before the first byte of the
        // log: a limit of file sizes is an error already for the header.
        let handlers = signals::Handlers::install(&tracer::CAUGHT).map_err(Error::Signals)?;
        let rotation = self.rotation.clone();
        let recording = Recording { header, out, rotation, watch, handlers, ends, lasts: None };
        recording.follow(tracer, |tracer| tracer.run(&name))
    }

    /// Attaches to processes, with all their threads, and records them and what they
    /// start from then on, until they have ended, a SIGINT, SIGTERM or SIGHUP comes,
    /// or that much time has passed. Then they go on as they were. `begun` is called
    /// once all of them are attached to.
    ///
    /// # Errors
    /// One of them cannot be traced, and none is; the log cannot be begun.
    pub fn attach<W: Write + Send + 'static>(
        &self,
        pids: &[i32],
        lasts: Option<Duration>,
        out: W,
        watch: impl Watch,
        begun: impl FnOnce() + 'static,
    ) -> Result<Recorded, Error> {
        let first = pids.first().copied().unwrap_or_default();
        let cwd = fs::read_link(format!("/proc/{first}/cwd")).unwrap_or_default();
        let header = Header {
            command: tracer::arguments(first),
            cwd: cwd.as_os_str().as_bytes().to_vec(),
            ..self.header(pids.iter().map(|pid| *pid as u32).collect())
        };
        // A Ctrl-C that comes while they are being attached to must find us prepared.
        let handlers = signals::Handlers::install(&tracer::CAUGHT).map_err(Error::Signals)?;
        let (sink, ends) = Channel::new(Box::new(begun));
        let tracer = Tracer::new(self.options.clone(), sink, header.clock.monotonic);
        let rotation = self.rotation.clone();
        let recording = Recording { header, out, rotation, watch, handlers, ends, lasts };
        recording.follow(tracer, |tracer| {
            tracer.attach(pids)?;
            tracer.run(OsStr::new(""))
        })
    }

    fn profile(&self) -> String {
        let profile = self.trace.as_deref().and_then(Profile::of_set);
        profile.map_or("", Profile::name).to_owned()
    }

    fn header(&self, attached: Vec<u32>) -> Header {
        Header {
            run: uuid(),
            rtrace_version: env!("CARGO_PKG_VERSION").to_owned(),
            host: host(),
            clock: Clock { realtime: clock::realtime(), monotonic: clock::monotonic() },
            command: Vec::new(),
            cwd: Vec::new(),
            options: log::Options {
                processes: Vec::new(),
                string_limit: self.options.data_limit as u64,
                trace: self.trace.clone(),
                filter: if self.options.by_seccomp { "seccomp".to_owned() } else { String::new() },
                profile: self.profile(),
                facts: self.options.facts.name().to_owned(),
                env: self.options.env,
                attached,
            },
            part: self.rotation.as_ref().map(Rotation::first),
        }
    }
}

/// A recording about to begin.
struct Recording<W, T> {
    header: Header,
    out: W,
    rotation: Option<Rotation>,
    watch: T,
    handlers: signals::Handlers,
    ends: Ends,
    lasts: Option<Duration>,
}

impl<W: Write + Send + 'static, T: Watch> Recording<W, T> {
    /// Writes what the tracer, which `trace` lets run, hands over.
    fn follow(
        self,
        mut tracer: Tracer<Channel>,
        trace: impl FnOnce(&mut Tracer<Channel>) -> Result<Outcome, tracer::Error>,
    ) -> Result<Recorded, Error> {
        let Self { header, out, rotation, mut watch, handlers, ends, lasts } = self;
        let base = header.clock.monotonic;
        let writer = Series::begin(Box::new(out), &header, rotation)?;
        let mask = signals::block_all();
        let thread = thread::Builder::new();
        let writing = thread.spawn(move || {
            // The tracer first; if it cannot be had, so be it.
            let _ = affinity::be_patient();
            watch.begin(&header);
            write_all(writer, &ends, watch)
        });
        let waking = Waker::start(tracer.shared(), lasts);
        mask.restore();
        let (writing, waking) =
            writing.and_then(|writing| Ok((writing, waking?))).map_err(Error::Thread)?;

        let outcome = trace(&mut tracer);
        waking.stop();
        drop(tracer.into_sink()); // the writer sees the end of its channel
        let time = clock::monotonic() - base;
        let (writer, mut failure) = writing.join().map_err(|_| Error::Writer)?;
        let outcome = outcome?;
        let mut totals = writer.totals();
        // Where the log stopped, there may be room again for saying so.
        match writer.finish(end(&outcome, time, failure.as_ref())) {
            Ok(all) => totals = all,
            Err(error) => failure = failure.or(Some(error)),
        }
        drop(handlers); // only now: a signal must not cut the log's end off
        Ok(Recorded { outcome, totals, time, failure })
    }
}

/// Why a recording could not begin.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command, or the right to trace it.
    #[error(transparent)]
    Tracer(#[from] tracer::Error),
    /// The log's beginning.
    #[error(transparent)]
    Log(#[from] log::Error),
    /// Handlers for our own signals.
    #[error("cannot install signal handlers")]
    Signals(#[source] io::Error),
    /// Threads that write the log and wake the tracer: a limit (`RLIMIT_NPROC`, a
    /// control group's `pids.max`) has been reached.
    #[error("cannot start a thread")]
    Thread(#[source] io::Error),
    /// The writer's thread is gone.
    #[error("the thread that writes the log has ended unexpectedly")]
    Writer,
}

/// The writer's thread: until the tracer's end of the channel is dropped.
fn write_all(
    mut writer: Series,
    Ends { batches, empties }: &Ends,
    mut watch: impl Watch,
) -> (Series, Option<log::Error>) {
    let mut failure = None;
    for (mut batch, share) in batches {
        writer.hurry(batches.len() >= IN_FLIGHT / 2);
        if failure.is_none()
            && let Err(error) = writer.write_batch(&batch)
        {
            watch.failed(&error);
            failure = Some(error);
        }
        if let Some(error) = writer.take_trouble() {
            watch.stays(&error);
        }
        watch.batch(&batch);
        batch.clear();
        drop(share);
        let _ = empties.try_send(batch); // one too many is just dropped
    }
    watch.end();
    (writer, failure)
}

/// The thread that wakes the tracer.
struct Waker {
    stop: Arc<AtomicBool>,
    thread: thread::JoinHandle<()>,
}

impl Waker {
    /// Wakes the calling thread while it has something to hand over, a signal to look
    /// at or a task to wait for, and when `lasts` has passed.
    fn start(shared: tracer::Shared, lasts: Option<Duration>) -> io::Result<Self> {
        let until = lasts.and_then(|lasts| Instant::now().checked_add(lasts));
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let tracer = signals::Kicker::here();
        let thread = thread::Builder::new().spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let is_crowded = shared.crowded.load(Ordering::Relaxed);
                thread::park_timeout(if is_crowded { CROWDED } else { WAKE });
                if until.is_some_and(|until| Instant::now() >= until) {
                    shared.expired.store(true, Ordering::Relaxed);
                }
                let reasons = [&shared.dirty, &shared.leaving, &shared.expired, &shared.crowded];
                if reasons.iter().any(|set| set.load(Ordering::Relaxed)) || signals::noted() {
                    tracer.kick();
                }
            }
        })?;
        Ok(Self { stop, thread })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        self.thread.thread().unpark();
        let _ = self.thread.join(); // it has nothing to say
    }
}

fn end(outcome: &Outcome, time: u64, failure: Option<&log::Error>) -> End {
    let status = outcome.root.map(|ending| match ending {
        Ending::Exited(code) => code << 8,
        Ending::Killed { signal, core } => signal | if core { 0x80 } else { 0 },
    });
    let reason = match failure {
        Some(_) => Reason::Failed,
        None if outcome.detached => Reason::Detached,
        None => Reason::Ended,
    };
    End { reason, status, time, error: failure.map(in_words), ..End::default() }
}

fn in_words(error: &log::Error) -> String {
    let source = std::error::Error::source(error);
    source.map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

fn host() -> Host {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default().trim().to_owned();
    let uname = nix::sys::utsname::uname().ok();
    let field = |pick: fn(&nix::sys::utsname::UtsName) -> &std::ffi::OsStr| {
        uname.as_ref().map(|names| pick(names).to_owned()).unwrap_or_default()
    };
    Host {
        name: field(|names| names.nodename()).as_bytes().to_vec(),
        machine_id: read("/etc/machine-id"),
        boot_id: read("/proc/sys/kernel/random/boot_id"),
        kernel: field(|names| names.release()).to_string_lossy().into_owned(),
        arch: field(|names| names.machine()).to_string_lossy().into_owned(),
        addresses: addresses(),
    }
}

/// Addresses of the interfaces that are up, without loopback.
fn addresses() -> Vec<String> {
    let Ok(interfaces) = nix::ifaddrs::getifaddrs() else { return Vec::new() };
    let mut out: Vec<String> = interfaces
        .filter_map(|interface| {
            let address = interface.address?;
            let v4 = address.as_sockaddr_in().map(|a| std::net::IpAddr::V4(a.ip()));
            let v6 = address.as_sockaddr_in6().map(|a| std::net::IpAddr::V6(a.ip()));
            v4.or(v6).filter(|ip| !ip.is_loopback()).map(|ip| ip.to_string())
        })
        .collect();
    out.sort_unstable();
    out.dedup();
    out
}

/// A random UUID (RFC 9562, version 4), from the kernel.
fn uuid() -> [u8; 16] {
    let text = fs::read_to_string("/proc/sys/kernel/random/uuid").unwrap_or_default();
    let digits: Vec<u8> =
        text.chars().filter_map(|c| c.to_digit(16)).map(|digit| digit as u8).collect();
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    uuid
}
