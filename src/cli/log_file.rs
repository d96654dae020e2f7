//! The file that a log goes to.
//!
//! A log has no name, or where a file system cannot do that a temporary one, and takes
//! its place only when there is something to log: a command that cannot be started, or
//! an rtrace that is killed before, leaves no log, and costs nobody an older one.

use super::output;
use super::recording::tell;
use anyhow::Context as _;
use rtrace::record::Parts;
use rtrace::sys::lock;
use std::fs::{self, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// An open log.
pub(super) struct Log {
    /// What to call it.
    pub(super) name: String,
    /// Whether our standard output is the same file.
    pub(super) is_stdout: bool,
    file: File,
    place: Place,
}

impl Log {
    /// Its files, if it is to be a set of them of which the latest `keep` stay (0: all).
    ///
    /// # Errors
    /// It is a pipe, a device or standard output.
    pub(super) fn numbered(&self, keep: u64) -> anyhow::Result<Numbered> {
        let Some(Part { path, has_place, .. }) = &self.place.0 else {
            anyhow::bail!("{} is no regular file: a set of files needs one", self.name);
        };
        let (path, has_place) = (path.clone(), Arc::clone(has_place));
        Ok(Numbered { path, keep, has_place, next: Mutex::new(None) })
    }

    /// What to write to, and its place. Both must live as long as it is written.
    pub(super) fn split(self) -> (File, Place) {
        (self.file, self.place)
    }
}

/// Where a log has yet to go. Dropped, it takes the log with it.
pub(super) struct Place(Option<Part>);

struct Part {
    temporary: Temporary,
    path: PathBuf,
    /// Whether it is there, for who writes it.
    has_place: Arc<AtomicBool>,
}

/// A file for the time being.
enum Temporary {
    /// Without a name (`O_TMPFILE`).
    Unnamed(File),
    /// By another name.
    Named(PathBuf),
}

impl Temporary {
    /// A name of the file in that directory, by which it can be put in its place.
    fn into_name(self, dir: &Path) -> io::Result<PathBuf> {
        match self {
            Self::Named(name) => Ok(name),
            Self::Unnamed(file) => give_name(&file, dir),
        }
    }

    /// Gives the file up.
    fn remove(self) {
        if let Self::Named(name) = self {
            let _ = fs::remove_file(name); // it may be gone with its directory
        }
    }
}

impl Place {
    /// Puts the log there.
    pub(super) fn take(mut self) {
        let Some(Part { temporary, path, has_place }) = self.0.take() else { return };
        let temporary = match temporary.into_name(directory(&path)) {
            Ok(temporary) => temporary,
            Err(error) => {
                let path = path.display();
                tell!("rtrace: cannot make {path}: {error}; there will be no log");
                return;
            }
        };
        if let Err(error) = fs::rename(&temporary, &path) {
            let (path, temporary) = (path.display(), temporary.display());
            tell!("rtrace: cannot replace {path}: {error}; the log is {temporary}");
            return;
        }
        has_place.store(true, Ordering::Release);
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.take().into_iter().for_each(|part| part.temporary.remove());
    }
}

/// The files of a log that is a set: its latest part has its name, those before have
/// their numbers behind it.
pub(super) struct Numbered {
    path: PathBuf,
    keep: u64,
    has_place: Arc<AtomicBool>,
    /// The next part, until it has its place.
    next: Mutex<Option<Temporary>>,
}

impl Numbered {
    fn name(&self, number: u64) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }

    /// Gives the latest part its number. It keeps the log's name, too, until the next one
    /// takes that: there is no moment without a log.
    fn number_latest(&self, number: u64) -> io::Result<()> {
        let name = self.name(number);
        match fs::hard_link(&self.path, &name) {
            // A part of an older log of that name.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                fs::remove_file(&name)?;
                fs::hard_link(&self.path, &name)
            }
            // There are file systems without links.
            Err(_) => fs::rename(&self.path, &name),
            linked => linked,
        }
    }
}

impl Parts for Numbered {
    fn make(&self, _: u64) -> io::Result<Box<dyn io::Write + Send>> {
        // What has the log's name until then is another log.
        if !self.has_place.load(Ordering::Acquire) {
            return Err(io::Error::other("the log does not have its name yet"));
        }
        let (file, temporary) = create_in(directory(&self.path))?;
        let _ = lock::hold(&file); // there are file systems without locks
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        // That of an earlier try, which was given up.
        next.replace(temporary).into_iter().for_each(Temporary::remove);
        Ok(Box::new(file))
    }

    fn place(&self, number: u64) -> io::Result<()> {
        let next = self.next.lock().unwrap_or_else(PoisonError::into_inner).take();
        let next = next.ok_or(io::ErrorKind::NotFound)?.into_name(directory(&self.path))?;
        self.number_latest(number - 1)?;
        fs::rename(next, &self.path)?;
        if let Some(old) = number.checked_sub(self.keep).filter(|old| self.keep > 0 && *old > 0) {
            match fs::remove_file(self.name(old)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Opens a log to be written: a regular file will be replaced, a FIFO or device is
/// written in place, a symbolic link refused, unless it is one of the process's own
/// descriptors. While a file is written it is locked, so that those who follow it
/// know.
///
/// # Errors
/// It cannot be written.
pub(super) fn open(path: &Path) -> anyhow::Result<Log> {
    let log = if path == Path::new("-") {
        let out = output::stdout()?.as_fd().try_clone_to_owned();
        let (name, file) =
            ("standard output".to_owned(), out.context(output::CANNOT_WRITE_STDOUT)?);
        Log { name, is_stdout: true, file: file.into(), place: Place(None) }
    } else {
        let name = path.display().to_string();
        let (file, place) = open_path(path).with_context(|| format!("cannot write {name}"))?;
        Log { name, is_stdout: is_stdout(path), file, place }
    };
    if log.file.metadata().is_ok_and(|meta| meta.is_file()) {
        let _ = lock::hold(&log.file); // there are file systems without locks
    }
    Ok(log)
}

fn open_path(path: &Path) -> anyhow::Result<(File, Place)> {
    let meta = fs::symlink_metadata(path);
    let is_stream =
        |meta: &Metadata| meta.file_type().is_fifo() || meta.file_type().is_char_device();
    if is_descriptor(path) || meta.as_ref().is_ok_and(is_stream) {
        return Ok((OpenOptions::new().write(true).open(path)?, Place(None)));
    }
    let dir = directory(path);
    match meta {
        Ok(meta) if meta.is_symlink() => {
            anyhow::bail!("it is a symbolic link: name the file that it stands for")
        }
        Ok(meta) if !meta.is_file() => anyhow::bail!("it is no regular file, FIFO or device"),
        Ok(meta) => may_replace(&meta, dir)?,
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Err(_) if path.as_os_str().as_bytes().ends_with(b"/") => {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        Err(_) => {}
    }
    let (file, temporary) = create_in(dir)?;
    let (path, has_place) = (path.to_owned(), Arc::default());
    Ok((file, Place(Some(Part { temporary, path, has_place }))))
}

/// In a sticky directory only its owner and the file's may replace a file
/// (`unlink(2)`). This must be known before anything runs.
fn may_replace(file: &Metadata, dir: &Path) -> io::Result<()> {
    let dir = fs::metadata(dir)?;
    let user = nix::unistd::geteuid();
    let is_owner = user.is_root() || [file.uid(), dir.uid()].contains(&user.as_raw());
    if dir.mode() & nix::libc::S_ISVTX != 0 && !is_owner {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(())
}

/// The directory that a file is in.
fn directory(path: &Path) -> &Path {
    path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a file for the time being.
fn create_in(dir: &Path) -> io::Result<(File, Temporary)> {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600).custom_flags(nix::libc::O_TMPFILE);
    // Some file systems have no such files; without /proc they get no name.
    if let Ok(file) = options.open(dir)
        && link_to(&file).exists()
    {
        return Ok((file.try_clone()?, Temporary::Unnamed(file)));
    }
    let open = |path: &Path| OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let (path, file) = with_new_name(dir, open)?;
    Ok((file, Temporary::Named(path)))
}

/// Gives a name to a file that has none.
fn give_name(file: &File, dir: &Path) -> io::Result<PathBuf> {
    use nix::fcntl::{AT_FDCWD, AtFlags};
    let link = |path: &Path| {
        let from = link_to(file);
        nix::unistd::linkat(AT_FDCWD, &from, AT_FDCWD, path, AtFlags::AT_SYMLINK_FOLLOW)
            .map_err(io::Error::from)
    };
    with_new_name(dir, link).map(|(path, ())| path)
}

/// `/proc`'s link to an open file of ours.
fn link_to(file: &File) -> PathBuf {
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Makes something by a name that nothing has. It is short: the log's may be as long as
/// names can be.
fn with_new_name<T>(dir: &Path, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(PathBuf, T)> {
    // A process in another container may have our pid, or have left a file.
    let names = (0..100).map(|n| format!(".rtrace-{}-{n}.part", std::process::id()));
    for path in names.map(|name| dir.join(name)) {
        match make(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok((path, made?)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// Whether our standard output is that file. On a terminal, and in `/dev/null`, they
/// do not get into each other's way.
fn is_stdout(path: &Path) -> bool {
    let (Ok(file), Ok(out)) = (fs::metadata(path), output::of_descriptor(io::stdout())) else {
        return false;
    };
    !out.file_type().is_char_device() && (file.dev(), file.ino()) == (out.dev(), out.ino())
}

/// Whether a path is a shell's `>(command)` or the like: a link to what a
/// descriptor of this process stands for.
fn is_descriptor(path: &Path) -> bool {
    let own = ["/dev/fd", "/proc/self/fd"];
    let named = ["/dev/stdout", "/dev/stderr"];
    path.parent().is_some_and(|dir| own.iter().any(|own| dir == Path::new(own)))
        || named.iter().any(|name| path == Path::new(name))
}
