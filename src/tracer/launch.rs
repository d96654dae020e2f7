//! From a command's words to a traced child that is about to execute it.

use super::engine::Tracer;
use super::{Error, Facts, Sink, seccomp};
use crate::sys::ptrace::{self, Manner, Until};
use crate::sys::spawn::{self, Child, Command, Step, User};
use crate::sys::wait::{self, Status, Stop};
use std::ffi::{CString, OsStr, OsString};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A command to trace.
#[derive(Debug, Clone)]
pub struct Launch {
    /// argv; the first word is looked up in the environment's PATH.
    pub argv: Vec<OsString>,
    /// The environment, as pairs.
    pub env: Vec<(OsString, OsString)>,
    /// Where to run it.
    pub dir: Option<PathBuf>,
    /// As whom.
    pub user: Option<User>,
    /// Whether what is our standard error is its standard output too.
    pub stdout_is_stderr: bool,
}

impl Launch {
    /// A command as the calling process would start it: its environment, its
    /// working directory, its user.
    pub fn new<W: Into<OsString>>(argv: impl IntoIterator<Item = W>) -> Self {
        Self {
            argv: argv.into_iter().map(Into::into).collect(),
            env: std::env::vars_os().collect(),
            dir: None,
            user: None,
            stdout_is_stderr: false,
        }
    }
}

/// Looks a command up as `execvp(3)` does: in PATH unless it has a slash.
///
/// # Errors
/// [`Error::NotFound`]; [`Error::NotExecutable`] where only files are found that
/// must not be executed.
pub fn find_command(
    name: &OsStr,
    path: Option<&OsStr>,
    dir: Option<&Path>,
) -> Result<PathBuf, Error> {
    let not_found = || Error::NotFound(name.to_string_lossy().into_owned());
    if name.is_empty() {
        return Err(not_found());
    }
    let search = path.unwrap_or(OsStr::new("/usr/local/bin:/usr/bin:/bin"));
    let candidates: Vec<PathBuf> = if name.as_bytes().contains(&b'/') {
        vec![PathBuf::from(name)]
    } else {
        std::env::split_paths(search)
            .map(|dir| {
                if dir.as_os_str().is_empty() { Path::new(".").join(name) } else { dir.join(name) }
            })
            .collect()
    };
    let mut refused = None;
    for file in candidates {
        let seen = dir.map_or_else(|| file.clone(), |dir| dir.join(&file));
        let refusal = match seen.metadata() {
            Ok(meta) if meta.is_dir() => io::Error::from_raw_os_error(libc::EISDIR),
            Ok(_) if spawn::executable(&c_string(seen.as_os_str())?) => return Ok(file),
            Ok(_) => io::Error::from_raw_os_error(libc::EACCES),
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => e,
            Err(_) => continue,
        };
        refused.get_or_insert((file, refusal));
    }
    Err(refused.map_or_else(not_found, |(file, source)| Error::NotExecutable {
        command: file.to_string_lossy().into_owned(),
        source,
    }))
}

fn c_string(text: &OsStr) -> Result<CString, Error> {
    CString::new(text.as_bytes()).map_err(|_| Error::Prepare {
        what: "pass a word with a NUL in it".into(),
        source: io::ErrorKind::InvalidInput.into(),
    })
}

impl Launch {
    /// The file to execute, looked up as [`find_command`] does.
    ///
    /// # Errors
    /// Those of [`find_command`]; [`Error::Prepare`] where one cannot change to the
    /// directory.
    pub fn file(&self) -> Result<PathBuf, Error> {
        self.check_dir()?;
        let name = self.argv.first().ok_or_else(|| Error::NotFound(String::new()))?;
        let path = self.env.iter().find(|(name, _)| name == "PATH").map(|(_, v)| v.as_os_str());
        find_command(name, path, self.dir.as_deref())
    }

    /// Whether one can change to the directory. Of another user the child will tell.
    fn check_dir(&self) -> Result<(), Error> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let source = match dir.metadata() {
            Ok(meta) if !meta.is_dir() => io::ErrorKind::NotADirectory.into(),
            Ok(_) if self.user.is_some() || spawn::executable(&c_string(dir.as_os_str())?) => {
                return Ok(());
            }
            Ok(_) => io::Error::from_raw_os_error(libc::EACCES),
            Err(error) => error,
        };
        Err(no_directory(dir, source))
    }

    fn command(&self) -> Result<Command, Error> {
        let file = self.file()?;
        let words = self.argv.iter().map(|word| c_string(word));
        let entry = |(name, value): &(OsString, OsString)| {
            let bytes = [name.as_bytes(), b"=", value.as_bytes()].concat();
            c_string(&OsString::from_vec(bytes))
        };
        Ok(Command {
            file: c_string(file.as_os_str())?,
            argv: words.collect::<Result<_, _>>()?,
            env: self.env.iter().map(entry).collect::<Result<_, _>>()?,
            dir: self.dir.as_ref().map(|dir| c_string(dir.as_os_str())).transpose()?,
            user: self.user.clone(),
            stdout_is_stderr: self.stdout_is_stderr,
            filter: None,
        })
    }
}

impl<S: Sink> Tracer<S> {
    /// Starts the command, seized and waiting; [`Tracer::run`] lets it go.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::NotExecutable`]; [`Error::Seize`] where the
    /// kernel refuses; [`Error::System`].
    pub fn launch(&mut self, launch: &Launch) -> Result<(), Error> {
        let mut command = launch.command()?;
        command.filter = self.options.by_seccomp.then(|| seccomp::program(&self.options.filter));
        let child = spawn::start(&command)
            .map_err(|source| Error::System { what: "start a process", source })?;
        let pid = child.pid;
        // If this fails, dropping `child` ends it.
        ptrace::seize(pid, self.manner())
            .and_then(|()| ptrace::interrupt(pid))
            .map_err(|source| Error::Seize { pid, source })?;
        loop {
            match wait::one(pid) {
                Ok(Some((_, Status::Stopped(stop, stopped)))) => {
                    let resumed = stopped.resume(Until::Syscall, signal_of(stop));
                    resumed.map_err(|source| Error::Seize { pid, source })?;
                    if stop == Stop::Trap {
                        break;
                    }
                }
                Ok(None) => {}
                Ok(Some(_)) => {
                    let source = io::Error::from_raw_os_error(libc::ESRCH);
                    return Err(Error::Seize { pid, source });
                }
                Err(source) => return Err(Error::Seize { pid, source }),
            }
        }
        self.add_root(child);
        Ok(())
    }

    /// How the command and all that it starts are traced.
    fn manner(&self) -> Manner {
        let by_seccomp = self.options.by_seccomp;
        Manner {
            exit_kill: self.options.kill_on_exit,
            seccomp: by_seccomp,
            exits: by_seccomp && self.options.facts != Facts::None,
        }
    }
}

const fn signal_of(stop: Stop) -> i32 {
    match stop {
        Stop::Signal(signal) => signal,
        _ => 0,
    }
}

fn no_directory(dir: &Path, source: io::Error) -> Error {
    Error::Prepare { what: format!("change to the directory {}", dir.display()), source }
}

/// Why the command never ran, as its child told.
pub(super) fn failure(child: &mut Child, launch: &OsStr) -> Option<Error> {
    let (step, source) = child.failure()?;
    Some(match step {
        Step::User => Error::Prepare { what: "take on the user's ids".into(), source },
        Step::Directory => no_directory(&child.dir, source),
        Step::Filter => Error::Prepare {
            what: "install a filter of its system calls (seccomp(2)); without --filter seccomp \
                   none is needed"
                .into(),
            source,
        },
        Step::Output => Error::Prepare { what: "set its standard output".into(), source },
        Step::Exec if source.kind() == io::ErrorKind::NotFound => {
            // The file is there: its interpreter is not.
            let source = io::Error::new(source.kind(), "its interpreter does not exist");
            Error::NotExecutable { command: launch.to_string_lossy().into_owned(), source }
        }
        Step::Exec => {
            Error::NotExecutable { command: launch.to_string_lossy().into_owned(), source }
        }
    })
}
