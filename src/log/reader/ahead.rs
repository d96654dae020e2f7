//! Reading a log on a thread of its own.

use super::{BlockInfo, Reader};
use crate::event::Batch;
use crate::log::error::Error;
use crossbeam_channel::{Receiver, Sender, bounded};
use std::thread::{self, JoinHandle};

/// A block, or why there is none.
type Block = Result<(Batch, BlockInfo), Error>;

/// Reads a log block by block, as [`Reader::next_batch`] does, and meanwhile the next one
/// already, on a thread of its own: unpacking and decoding is a tenth to a third of the
/// work of those who use logs.
#[derive(Debug)]
pub struct ReadAhead {
    /// There when nothing is left to read, and if there could be no thread.
    reader: Option<Reader>,
    thread: Option<Thread>,
}

#[derive(Debug)]
struct Thread {
    blocks: Receiver<Block>,
    /// Batches to be filled again.
    used: Sender<Batch>,
    reading: JoinHandle<Reader>,
}

impl ReadAhead {
    /// Begins to read: on the thread that asks, if there may be no more of them
    /// (`RLIMIT_NPROC`, `pids.max` of a control group).
    pub fn new(reader: Reader) -> Self {
        match Thread::start(reader) {
            Ok(thread) => Self { reader: None, thread: Some(thread) },
            Err(reader) => Self { reader: Some(*reader), thread: None },
        }
    }

    /// As [`Reader::next_batch`].
    ///
    /// # Errors
    /// As there.
    pub fn next_batch(&mut self, batch: &mut Batch) -> Result<Option<BlockInfo>, Error> {
        if let Some(reader) = &mut self.reader {
            return reader.next_batch(batch);
        }
        let block = self.thread.as_ref().and_then(|thread| thread.blocks.recv().ok());
        let Some(block) = block else {
            self.reader = self.thread.take().map(Thread::end);
            batch.clear();
            return Ok(None);
        };
        let (next, info) = block?;
        let used = std::mem::replace(batch, next);
        if let Some(thread) = &self.thread {
            // It may have read all there is, and need none.
            let _ = thread.used.try_send(used);
        }
        Ok(Some(info))
    }

    /// The reader, once [`ReadAhead::next_batch`] has returned `None`: it knows what was
    /// lost, and how the run ended.
    pub fn reader(&self) -> Option<&Reader> {
        self.reader.as_ref()
    }
}

impl Thread {
    /// Gives the reader back if there may be no thread.
    fn start(reader: Reader) -> Result<Self, Box<Reader>> {
        // One block is read while another is used, and one lies between.
        let (full, blocks) = bounded(1);
        let (used, empty) = bounded(3);
        let (hand_over, taking) = bounded(1);
        let reading = thread::Builder::new().name("read ahead".to_owned()).spawn(move || {
            let mut reader: Reader = taking.recv().expect("who starts a thread hands over");
            read(&mut reader, &full, &empty);
            reader
        });
        let Ok(reading) = reading else { return Err(Box::new(reader)) };
        let _ = hand_over.send(reader); // the thread waits for it
        Ok(Self { blocks, used, reading })
    }

    /// Waits for its end.
    fn end(self) -> Reader {
        self.reading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

/// Hands over one block after the other, until there are no more, or nobody wants them.
fn read(reader: &mut Reader, full: &Sender<Block>, empty: &Receiver<Batch>) {
    loop {
        let mut batch = empty.try_recv().unwrap_or_default();
        let block = match reader.next_batch(&mut batch) {
            Ok(Some(info)) => Ok((batch, info)),
            Ok(None) => return,
            Err(error) => Err(error),
        };
        let is_over = block.is_err();
        if full.send(block).is_err() || is_over {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Kind, TaskId};
    use crate::log::{End, Header, Writer};
    use std::io::{self, Cursor, Read};

    fn log() -> Vec<u8> {
        let mut writer = Writer::new(Vec::new(), &Header::default()).unwrap();
        for ordinal in 0..9 {
            let mut batch = Batch::new();
            let mut record = batch.record(Kind::Continue, TaskId(1), ordinal);
            record.at(ordinal);
            record.finish();
            writer.write_batch(&batch).unwrap();
        }
        writer.finish(End::default()).unwrap().1
    }

    #[test]
    fn blocks_are_those_of_the_reader() {
        let mut ahead = ReadAhead::new(Reader::new(Cursor::new(log())).unwrap());
        let (mut batch, mut ordinals) = (Batch::new(), Vec::new());
        while let Some(info) = ahead.next_batch(&mut batch).unwrap() {
            assert_eq!(info.records, 1);
            ordinals.extend(batch.iter().map(|record| record.ordinal));
        }
        assert_eq!(ordinals, (0..9).collect::<Vec<_>>());
        assert!(batch.is_empty() && ahead.next_batch(&mut batch).unwrap().is_none());
        assert!(ahead.reader().is_some_and(|reader| reader.losses().is_complete()));
    }

    /// Fails behind so many bytes.
    struct Broken(Cursor<Vec<u8>>);

    impl Read for Broken {
        fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
            match self.0.read(bytes)? {
                0 => Err(io::Error::other("broken")),
                read => Ok(read),
            }
        }
    }

    #[test]
    fn an_error_comes_after_what_was_read_before() {
        let mut bytes = log();
        bytes.truncate(bytes.len() / 2);
        let mut ahead = ReadAhead::new(Reader::new(Broken(Cursor::new(bytes))).unwrap());
        let mut batch = Batch::new();
        let mut blocks = 0;
        let error = loop {
            match ahead.next_batch(&mut batch) {
                Ok(Some(_)) => blocks += 1,
                Ok(None) => panic!("the end, after {blocks} blocks"),
                Err(error) => break error,
            }
        };
        assert!(matches!(error, Error::Read(_)), "{error}");
        assert!(blocks > 0);
        assert!(ahead.next_batch(&mut batch).unwrap().is_none());
    }
}
