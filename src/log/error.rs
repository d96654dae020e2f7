//! What can go wrong with a log.

use std::path::PathBuf;

/// Why a log cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be opened.
    #[error("cannot open the log")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Bytes cannot be read.
    #[error("cannot read the log")]
    Read(#[source] std::io::Error),
    /// Bytes cannot be written. What was written before can be read.
    #[error("cannot write the log")]
    Write(#[source] std::io::Error),
    /// It is something else.
    #[error("this is not an rtrace log: make one with `rtrace run -o FILE COMMAND`")]
    NotALog,
    /// Logs are to be joined, and are not of one run.
    #[error(
        "it is of another run: a log has one; \
         `rtrace convert` takes logs of several, and keeps them apart"
    )]
    OtherRun {
        /// Which of them, counted from 0.
        index: usize,
    },
    /// A newer rtrace wrote it.
    #[error(
        "this log has format version {found}, and this rtrace reads up to {supported}: \
         read it with the rtrace that wrote it, or a newer one"
    )]
    NewerVersion {
        /// The log's version.
        found: u64,
        /// The newest that this rtrace knows.
        supported: u64,
    },
    /// It uses features that change what the bytes mean.
    #[error(
        "this log uses features ({bits:#x}) that this rtrace does not know: \
         read it with the rtrace that wrote it, or a newer one"
    )]
    UnknownFeatures {
        /// The bits of `incompat` that are unknown.
        bits: u64,
    },
    /// Data that no block can hold.
    #[error("{what} of {size} bytes is more than a block of the log can hold")]
    TooLarge {
        /// What it is.
        what: &'static str,
        /// Its size.
        size: usize,
    },
    /// The compressor failed.
    #[error("cannot compress a block of the log")]
    Compress(#[source] std::io::Error),
}
