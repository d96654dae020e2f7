//! Text on its way to a reader that may be slow, stuck or gone.
//!
//! The reader of what a run prints must not hold up the run for good. A slow one
//! slows it down, as it would with strace; of one that takes nothing for
//! [`PATIENCE`], what no longer fits is dropped, and the text says so where it
//! goes on; one that is gone gets nothing more.

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// How long to wait for a reader that takes nothing.
const PATIENCE: Duration = Duration::from_secs(1);
/// Pieces on their way: some 4 MiB.
const IN_FLIGHT: usize = 64;
/// Bytes of a piece at most.
const PIECE: usize = 64 << 10;
/// Bytes written at once: a pipe takes so many or none.
const WRITE: usize = 4096;
/// When to look again at a descriptor that would block.
const RETRY: Duration = Duration::from_millis(10);

/// The writing end; a thread of its own writes.
pub(super) struct Spool {
    pieces: Sender<Vec<u8>>,
    /// Bytes that the reader has taken.
    taken: Arc<AtomicU64>,
    /// Disconnected when the thread has ended.
    ended: Receiver<()>,
    /// The reader takes nothing.
    is_stuck: bool,
    /// Lines dropped since the last one that was sent.
    dropped: u64,
    /// What was sent, and what was dropped, ends in the middle of a line.
    is_open: bool,
    drops_open: bool,
}

impl Spool {
    /// Starts the thread.
    ///
    /// # Errors
    /// There may be no more threads (`RLIMIT_NPROC`, `pids.max` of a control group);
    /// gives the output back.
    pub(super) fn start<W: Write + Send + 'static>(out: W) -> Result<Self, (W, io::Error)> {
        let (pieces, queue) = bounded(IN_FLIGHT);
        let (alive, ended) = bounded(0);
        let taken = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&taken);
        let (hand_over, taking) = bounded(1);
        let writing = thread::Builder::new().spawn(move || {
            if let Ok(out) = taking.recv() {
                write_pieces(out, &queue, &count);
            }
            drop(alive);
        });
        if let Err(error) = writing {
            return Err((out, error));
        }
        let _ = hand_over.send(out); // the thread waits for it
        Ok(Self {
            pieces,
            taken,
            ended,
            is_stuck: false,
            dropped: 0,
            is_open: false,
            drops_open: false,
        })
    }

    /// Sends text; says whether there is still somebody to read more.
    pub(super) fn push(&mut self, text: &[u8]) -> bool {
        text.chunks(PIECE).all(|piece| self.push_piece(piece))
    }

    fn push_piece(&mut self, mut piece: &[u8]) -> bool {
        if self.drops_open {
            // The rest of a line whose beginning is not shown.
            let Some(end) = piece.iter().position(|byte| *byte == b'\n') else { return true };
            piece = &piece[end + 1..];
            self.drops_open = false;
        }
        if piece.is_empty() {
            return true;
        }
        match self.send(self.noted(piece)) {
            Sent::Yes => {
                self.dropped = 0;
                self.is_open = !piece.ends_with(b"\n");
                true
            }
            Sent::No => {
                self.dropped += piece.split(|byte| *byte == b'\n').skip(1).count() as u64;
                self.drops_open = !piece.ends_with(b"\n");
                self.dropped += u64::from(self.drops_open);
                true
            }
            Sent::Gone => false,
        }
    }

    /// A piece, behind a note of what was dropped before it.
    fn noted(&self, piece: &[u8]) -> Vec<u8> {
        let mut text = Vec::with_capacity(piece.len());
        if self.dropped > 0 {
            let start = if self.is_open { "\n" } else { "" };
            let note = format!(
                "{start}rtrace: {} lines are not shown, they are in the log\n",
                self.dropped
            );
            text.extend_from_slice(note.as_bytes());
        }
        text.extend_from_slice(piece);
        text
    }

    fn send(&mut self, mut piece: Vec<u8>) -> Sent {
        loop {
            let before = self.taken.load(Ordering::Relaxed);
            let patience = if self.is_stuck { Duration::ZERO } else { PATIENCE };
            match self.pieces.send_timeout(piece, patience) {
                Ok(()) => {
                    self.is_stuck = false;
                    return Sent::Yes;
                }
                Err(SendTimeoutError::Disconnected(_)) => return Sent::Gone,
                Err(SendTimeoutError::Timeout(back)) => {
                    if self.taken.load(Ordering::Relaxed) == before {
                        self.is_stuck = true;
                        return Sent::No;
                    }
                    piece = back;
                }
            }
        }
    }

    /// Waits until all is written, or as long as the reader takes some of it.
    pub(super) fn finish(self) {
        let Self { pieces, taken, ended, .. } = self;
        drop(pieces);
        loop {
            let before = taken.load(Ordering::Relaxed);
            match ended.recv_timeout(PATIENCE) {
                Err(RecvTimeoutError::Timeout) if taken.load(Ordering::Relaxed) != before => {}
                _ => return,
            }
        }
    }
}

/// What became of a piece.
enum Sent {
    Yes,
    No,
    Gone,
}

/// The thread: until the other end is dropped or the reader is gone.
fn write_pieces(mut out: impl Write, queue: &Receiver<Vec<u8>>, taken: &AtomicU64) {
    for piece in queue {
        for part in piece.chunks(WRITE) {
            if write_all(&mut out, part, taken).is_err() {
                return;
            }
        }
    }
}

/// `write_all` that also waits for a descriptor that others have made
/// non-blocking, as a terminal's may be.
fn write_all(out: &mut impl Write, mut part: &[u8], taken: &AtomicU64) -> io::Result<()> {
    while !part.is_empty() {
        match out.write(part) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => {
                taken.fetch_add(count as u64, Ordering::Relaxed);
                part = &part[count..];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(RETRY),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn all_of_it_arrives_in_order() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let text: Vec<u8> = (0..50_000).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let expected = text.clone();
        let reading = thread::spawn(move || {
            let mut all = Vec::new();
            reader.read_to_end(&mut all).expect("a pipe can be read");
            all
        });
        let mut spool = Spool::start(writer).map_err(|(_, error)| error).expect("a thread");
        assert!(text.chunks(1000).all(|part| spool.push(part)));
        spool.finish();
        assert_eq!(reading.join().expect("it reads"), expected);
    }

    #[test]
    fn a_stuck_reader_misses_whole_lines_and_is_told() {
        let (mut reader, writer) = io::pipe().expect("a pipe");
        let mut spool = Spool::start(writer).map_err(|(_, error)| error).expect("a thread");
        let line = [&[b'x'; 999][..], b"\n"].concat();
        let mut pushed: u64 = 0;
        while spool.dropped < 20 {
            assert!(spool.push(&line[..500]) && spool.push(&line[500..]));
            pushed += 1;
        }
        let lost = spool.dropped;
        let reading = thread::spawn(move || {
            let mut text = String::new();
            reader.read_to_string(&mut text).expect("a pipe can be read");
            text
        });
        // The first piece that goes through again carries the note.
        while spool.dropped > 0 {
            assert!(spool.push(b"the end\n"));
            thread::yield_now();
        }
        spool.finish();
        let text = reading.join().expect("it reads");
        let note = text.lines().find(|line| line.starts_with("rtrace: ")).expect("a note");
        let told: u64 = note.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("a number");
        assert!(told >= lost, "{told} of {lost}");
        let whole = text.lines().filter(|line| line.len() == 999).count() as u64;
        assert!(whole == pushed - lost || whole == pushed - lost + 1, "{whole} of {pushed}");
        assert!(text.ends_with("the end\n"));
    }

    #[test]
    fn a_reader_that_is_gone_ends_it() {
        let (reader, writer) = io::pipe().expect("a pipe");
        drop(reader);
        let mut spool = Spool::start(writer).map_err(|(_, error)| error).expect("a thread");
        while spool.push(b"to nobody\n") {
            thread::yield_now();
        }
        spool.finish();
    }
}
